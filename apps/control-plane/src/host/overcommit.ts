/** Configured memory of the guests / memory of the hosts; 0 where there is neither. */
export function overcommitRatio({
  assignedBytes,
  capacityBytes,
}: {
  assignedBytes: number;
  capacityBytes: number;
}): number {
  return capacityBytes > 0 ? assignedBytes / capacityBytes : 0;
}
