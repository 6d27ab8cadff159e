/** Where the files of an answered experiment are. */
export const DOWNLOADS_PATH = 'experiments';
export const FILES = { report: 'report.html', csv: 'cells.csv', json: 'answer.json' } as const;

export function downloadsOf(id: string): Readonly<Record<keyof typeof FILES, string>> {
  const at = (file: string): string => `/${DOWNLOADS_PATH}/${id}/${file}`;
  return { report: at(FILES.report), csv: at(FILES.csv), json: at(FILES.json) };
}
