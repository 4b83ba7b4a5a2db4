/**
 * A log stream as a file: one line an event, the time in front of it, so that a person can read the file and the
 * CloudWatch Logs calls can answer from it.
 */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface LogFile {
  /** One event; line ends within it become spaces. */
  write(message: string): void;
  /** Every line of a stream is an event, until the stream ends. A slow disk holds the stream up, not the memory. */
  follow(stream: Readable, onLine?: (line: string) => void): void;
  end(): void;
}

const EVENT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.*)$/s;

export async function openLogFile(file: string): Promise<LogFile> {
  await mkdir(path.dirname(file), { recursive: true });
  const stream = createWriteStream(file, { flags: 'a' });
  // A full disk takes the log, not the service.
  stream.on('error', () => undefined);
  const write = (line: string): boolean => stream.writableEnded || stream.write(eventLine(new Date(), line));
  return {
    write: (message) => void write(message.replace(/\r?\n/g, ' ')),
    follow(source, onLine) {
      const lines = createInterface({ input: source });
      lines.on('line', (line) => {
        onLine?.(line);
        if (write(line)) return;
        lines.pause();
        stream.once('drain', () => lines.resume());
      });
    },
    end: () => void stream.end(),
  };
}

export function eventLine(time: Date, message: string): string {
  return `${time.toISOString()} ${message}\n`;
}

export interface LogEvent {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly message: string;
}

/** @param before the time of a line that does not begin with one */
export function parseEventLine(line: string, before: number): LogEvent {
  const [, time, message] = EVENT.exec(line) ?? [];
  if (time === undefined || message === undefined) return { timestamp: before, message: line };
  return { timestamp: Date.parse(time), message };
}
