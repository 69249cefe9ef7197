export function InvoicesPage() { return <h1>invoices</h1>; }
