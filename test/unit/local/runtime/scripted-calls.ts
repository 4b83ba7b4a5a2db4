/** InvokeEndpoint through the real SDK client and the real port, in front of containers that do what each test says. */
import { InvokeEndpointCommand, type InvokeEndpointCommandInput } from '@aws-sdk/client-sagemaker-runtime';
import { afterEach } from 'vitest';
import {
  instanceOf,
  type Script,
  type ScriptedContainer,
  type ScriptedService,
  type ScriptedServiceOptions,
  serveScript,
  startScript,
} from '../../../fixtures/local-service/scripted-endpoint.ts';

/** For every test of the file that calls it: what a test starts ends with it. */
export function useScriptedEndpoint() {
  const started: { close(): Promise<void> }[] = [];
  afterEach(() => Promise.all(started.splice(0).map((one) => one.close())));

  async function scripted(script: Script): Promise<ScriptedContainer> {
    const container = await startScript(script);
    started.push(container);
    return container;
  }

  async function serve(options: ScriptedServiceOptions): Promise<ScriptedService> {
    const service = await serveScript(options);
    started.unshift(service);
    return service;
  }

  return {
    scripted,
    serve,
    serveOne: (container: ScriptedContainer, options: Partial<ScriptedServiceOptions> = {}) =>
      serve({ variants: { AllTraffic: { instances: [instanceOf({ primary: container })] } }, ...options }),
  };
}

export const invoke = ({ client }: ScriptedService, change: Partial<InvokeEndpointCommandInput> = {}) =>
  client.send(new InvokeEndpointCommand({ EndpointName: 'e', Body: 'body', ...change }));

export const answer =
  (text: string): Script =>
  (_request, response) =>
    response.end(text);
