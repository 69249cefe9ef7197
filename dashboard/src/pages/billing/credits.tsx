export function CreditsPage() { return <h1>credits</h1>; }
