export function ActivityPage() { return <h1>activity</h1>; }
