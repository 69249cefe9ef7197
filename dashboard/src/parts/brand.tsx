/** The mark; pages of customers carry it small, since it is their supplier's page. */
export function Mark({ className = "size-7" }: { className?: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 32 32" className={className}>
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <path
        className="fill-on-accent"
        fillRule="evenodd"
        d="M9.5 8h7.300c3.100 0 5 1.600 5 4.100 0 1.700-.9 2.900-2.400 3.400 1.900.5 3.100 1.900 3.100 3.900 0 2.800-2.100 4.600-5.500 4.600H9.500zm3.300 2.800v3.700h3.400c1.400 0 2.200-.7 2.200-1.900s-.8-1.800-2.200-1.800zm0 6.300v4.100h3.800c1.500 0 2.400-.7 2.400-2s-.9-2.100-2.400-2.100z"
      />
    </svg>
  );
}
