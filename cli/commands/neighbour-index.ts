/** `twinvec index`: gives a model the candidates that its endpoint searches for neighbours. */
import { Command } from 'commander';
import { formatCount } from '#core/terminal/format.ts';
import { buildIndex, type IndexSettings } from '../neighbours/build-index.ts';

const EXAMPLES = `
Embeddings are JSON Lines as transform writes them for records with one input. The model folder gets a folder
neighbours/, in place of one that is there; a request then asks for the nearest of these candidates in place of
embeddings (docs/neighbours.md). Ids are a text file with one line for each record of the embeddings.

Examples:
  From items to an endpoint that finds them:
    twinvec transform --model model --input items.jsonl --output out
    twinvec index --model model --embeddings out/items.jsonl.out --ids items.txt
    twinvec serve --model model
    twinvec invoke '{"instances":[{"in0":[774,14,21]}]}' --attributes neighbours=10

  For SageMaker, pack it again:
    tar -czf model.tar.gz -C model .
`;

export function indexCommand(): Command {
  return new Command('index')
    .description('Add candidates to a model, so that its endpoint answers with the nearest of them.')
    .requiredOption('--model <folder>', 'model folder, as `twinvec train` writes it')
    .requiredOption('--embeddings <file>', 'candidates, made by this model')
    .option('--ids <file>', 'what candidates are called in answers, one a line')
    .addHelpText('after', EXAMPLES)
    .action(async (settings: IndexSettings) => {
      const { rows, width, skipped } = await buildIndex(settings, process.stderr);
      const without = skipped === 0 ? '' : `; ${formatCount(skipped)} records without embedding are none`;
      process.stderr.write(`${formatCount(rows)} candidates of ${width} numbers${without}.\n`);
    });
}
