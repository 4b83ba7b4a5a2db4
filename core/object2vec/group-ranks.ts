/**
 * Ranks of positives among the negatives drawn for them, by the model's score of the positive's class, from scores that
 * come batch by batch.
 */
import { type RankingQuality, summarizeRanks } from './ranking.ts';

export class GroupRanks {
  readonly #classes: number;
  readonly #ranks: number[] = [];
  /** Class of the positive whose negatives are coming; 0 when there is none. */
  #label = 0;
  #gold = 0;
  #better = 0;
  #equal = 0;
  #negatives = 0;

  constructor(classes: number) {
    this.#classes = classes;
  }

  /**
   * @param scores [rows x classes], probabilities
   * @param drawn 1 for a negative of the last row that has 0, which may have come in a batch before
   */
  add(scores: Float32Array, labels: Float32Array, drawn: Uint8Array): void {
    for (let row = 0; row < labels.length; row++) {
      if (drawn[row] === 0) {
        this.#close();
        this.#label = labels[row]!;
        this.#gold = this.#oddsOf(scores, row);
      } else {
        const odds = this.#oddsOf(scores, row);
        this.#negatives += 1;
        if (odds > this.#gold) this.#better += 1;
        else if (odds === this.#gold) this.#equal += 1;
      }
    }
  }

  /** Over the positives that have negatives; undefined when there are none. */
  result(): RankingQuality | undefined {
    this.#close();
    return this.#ranks.length === 0 ? undefined : summarizeRanks(this.#ranks);
  }

  #close(): void {
    // Of the tied, half count as ahead, as everywhere (ranking.ts).
    if (this.#label !== 0 && this.#negatives > 0) this.#ranks.push(1 + this.#better + this.#equal / 2);
    this.#label = 0;
    this.#better = 0;
    this.#equal = 0;
    this.#negatives = 0;
  }

  /** Odds order as probabilities do, and stay apart where probabilities round to 1. */
  #oddsOf(scores: Float32Array, row: number): number {
    const from = row * this.#classes;
    let others = 0;
    for (let c = 0; c < this.#classes; c++) if (c !== this.#label) others += scores[from + c]!;
    return scores[from + this.#label]! / others;
  }
}
