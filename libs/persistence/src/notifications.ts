/** Topics over LISTEN/NOTIFY: sent in the transaction that made them true, heard after it. */
import { TOPICS, type Topic, type TopicPayloads } from '#contracts';
import { Client, type ClientBase } from 'pg';

type Listener = <Name extends Topic>(topic: Name, payload: TopicPayloads[Name]) => void;

const RECONNECT_MS = 500;

/** Sends when the client's transaction commits. */
export async function notify<Name extends Topic>(
  client: Pick<ClientBase, 'query'>,
  topic: Name,
  payload: TopicPayloads[Name],
): Promise<void> {
  await client.query('SELECT pg_notify($1, $2)', [topic, JSON.stringify(payload)]);
}

/** Listens on a connection of its own, which it opens again when it breaks; what was sent meanwhile is lost. */
export class NotificationListener {
  #client: Client | undefined;
  #isClosed = false;

  private constructor(
    private readonly url: string,
    private readonly listener: Listener,
  ) {}

  /** Rejects when the server cannot be reached; later failures are its own to mend. */
  static async open(url: string, listener: Listener): Promise<NotificationListener> {
    const opened = new NotificationListener(url, listener);
    try {
      await opened.#connect();
    } catch (error) {
      opened.#isClosed = true;
      throw error;
    }
    return opened;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#client?.end();
  }

  async #connect(): Promise<void> {
    const client = new Client({ connectionString: this.url, keepAlive: true });
    client.on('notification', ({ channel, payload }) => {
      const topic = TOPICS.find((name) => name === channel);
      if (topic === undefined) return;
      const told = readPayload(payload);
      // Anybody who may connect may notify: what is no object was not sent by Ballast.
      if (told !== null) this.listener(topic, told as TopicPayloads[typeof topic]);
    });
    const giveUp = this.#replaceOnce(client);
    client.on('error', giveUp).on('end', giveUp);
    try {
      await client.connect();
      for (const topic of TOPICS) await client.query(`LISTEN ${topic}`);
    } catch (error) {
      giveUp();
      throw error;
    }
    this.#client = client;
    // Closed meanwhile: nobody else ends it.
    if (this.#isClosed) await client.end();
  }

  /** A connection that breaks says so up to three times (the server's last word, the error, the end); one comes in its place. */
  #replaceOnce(client: Client): () => void {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      client.end().catch(() => undefined);
      if (!this.#isClosed) setTimeout(() => this.#reconnect(), RECONNECT_MS).unref();
    };
  }

  #reconnect(): void {
    // A connection that fails to come up has its own replacement under way.
    if (!this.#isClosed) this.#connect().catch(() => undefined);
  }
}

function readPayload(text: string | undefined): object | null {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
