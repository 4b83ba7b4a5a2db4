/** The local service as a process of its own, for the benchmark of its S3: says its address, then answers with what it used. */
import { startLocal } from '../local/start.ts';

const service = await startLocal({ port: 0, dir: process.argv[2]! });
process.send?.(service.url);
process.on('message', () => process.send?.(process.cpuUsage()));
