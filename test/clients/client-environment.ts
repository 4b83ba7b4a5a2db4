/** What a person exports before they use an AWS client with the local service, and nothing of their own account. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function clientEnvironment(serviceUrl: string, packages: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(AWS_|PYTHON|NODE_OPTIONS$|VITEST)/.test(name));
  const nowhere = join(tmpdir(), 'twinvec-no-aws-configuration');
  return {
    ...Object.fromEntries(own),
    PYTHONPATH: packages,
    AWS_ENDPOINT_URL: serviceUrl,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_CONFIG_FILE: nowhere,
    AWS_SHARED_CREDENTIALS_FILE: nowhere,
    AWS_EC2_METADATA_DISABLED: 'true',
    // A pager would wait for a key.
    AWS_PAGER: '',
  };
}
