/** What the launcher tells the guard of its PostgreSQL at birth (as JSON, the only argument), and what the two say later. */
export interface GuardTask {
  /** Folder of the cluster: data directory, password, log. */
  readonly folder: string;
  readonly port: number;
  readonly isDurable: boolean;
}

/** Processes that still need the database: when the launcher dies, the guard lets them finish first. */
export interface WatchMessage {
  readonly kind: 'watch';
  readonly pids: readonly number[];
}

export type GuardMessage =
  { readonly kind: 'ready'; readonly port: number } | { readonly kind: 'failed'; readonly reason: string };
