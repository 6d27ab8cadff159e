/** A process of the recorded guest, besides what it maps: its program's pages, and what the kernel keeps for it. */
import { Gfp, allocatePages, createOwner, destroyOwner, freePages, growOwner, type Memory } from '#memory-core';

/** Pages that the kernel takes for a process and gives back: its page tables, for the most part. */
const KERNEL_PAGES = 10;
/**
 * Of these the topmost table is one block of two pages, the kernel's view and the program's, and the last to go. Before 6.7 that
 * empties the CPU's lists; from then on it does nothing that single pages would not do.
 */
const TOP_TABLE_ORDER = 1;
const NONE = -1;

export interface Process {
  /** Owners of the program's own pages, which can be moved like any others, and of the kernel's. */
  readonly program: number;
  readonly kernel: number;
  /** First frame of the topmost table, or NONE. */
  readonly topTablePfn: number;
}

export function startProcess(memory: Memory, programPages: number): Process {
  const topTablePfn = memory.rules.tunesPcp ? NONE : allocatePages(memory, TOP_TABLE_ORDER, Gfp.KERNEL);
  const [kernel, program] = [createOwner(memory, 'KERNEL'), createOwner(memory, 'ANON')];
  growOwner(memory, kernel, KERNEL_PAGES - (topTablePfn === NONE ? 0 : 2 ** TOP_TABLE_ORDER));
  growOwner(memory, program, programPages);
  return { program, kernel, topTablePfn };
}

/** `unmap` frees what the process has mapped, which goes after its program. */
export function endProcess(
  memory: Memory,
  { program, kernel, topTablePfn }: Process,
  unmap = (): void => undefined,
): void {
  destroyOwner(memory, program);
  unmap();
  destroyOwner(memory, kernel);
  if (topTablePfn !== NONE) freePages(memory, topTablePfn, TOP_TABLE_ORDER);
}
