export function InvoicePage() { return <h1>invoice</h1>; }
