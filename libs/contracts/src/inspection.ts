/** Questions that only the owner of a guest can answer; each answer says which tick it shows. */
export const PROC_FILES = ['BUDDYINFO', 'PAGETYPEINFO', 'VMSTAT', 'MEMINFO', 'ZONEINFO', 'EXTFRAG_INDEX'] as const;
export type ProcFile = (typeof PROC_FILES)[number];

export type InspectionQuestion = { readonly kind: 'PROCFS'; readonly file: ProcFile };

export interface InspectionAnswer {
  readonly tick: number;
  readonly text: string;
}
