export function PaymentPage() { return <h1>payment</h1>; }
