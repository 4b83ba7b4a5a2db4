/**
 * Notices of asynchronous endpoints: what SNS would deliver is a JSON file in a folder with the topic's name, where a
 * person, a test or a file watcher finds it.
 */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { writeRecord } from '../../state/record-file.ts';

export interface Notices {
  /** @param topic ARN; undefined sends nothing */
  send(topic: string | undefined, notice: Readonly<Record<string, unknown>>): void;
}

/** @param folder one folder for each topic is made below it */
export function createNotices(folder: string, log: (line: string) => void): Notices {
  return {
    send(topic, notice) {
      if (topic === undefined) return;
      const name = topic.slice(topic.lastIndexOf(':') + 1);
      const file = path.join(folder, name, `${new Date().toISOString().replaceAll(':', '-')}-${randomUUID()}.json`);
      try {
        writeRecord(file, notice);
      } catch (error) {
        log(`A notice to ${topic} could not be written: ${(error as Error).message}`);
      }
    },
  };
}
