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

  static async open(url: string, listener: Listener): Promise<NotificationListener> {
    const opened = new NotificationListener(url, listener);
    await opened.#connect();
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
      if (topic !== undefined) this.listener(topic, JSON.parse(payload ?? '{}') as TopicPayloads[typeof topic]);
    });
    client.on('error', () => this.#reconnectLater());
    await client.connect();
    for (const topic of TOPICS) await client.query(`LISTEN ${topic}`);
    this.#client = client;
  }

  #reconnectLater(): void {
    if (this.#isClosed) return;
    setTimeout(() => {
      if (!this.#isClosed) this.#connect().catch(() => this.#reconnectLater());
    }, RECONNECT_MS).unref();
  }
}
