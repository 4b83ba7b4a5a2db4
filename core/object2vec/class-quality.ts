/** Which classes a model takes for which: the counts behind precision, recall and F1. */
export interface ClassQuality {
  /** Rows with this label. */
  readonly rows: number;
  /** Of the rows that the model gave this class, the part that has it; NaN when it gave it to none. */
  readonly precision: number;
  /** Of the rows that have this class, the part that the model gave it; NaN when none has it. */
  readonly recall: number;
  readonly f1: number;
}

export class ConfusionMatrix {
  readonly classes: number;
  readonly #counts: Float64Array;

  constructor(classes: number) {
    this.classes = classes;
    this.#counts = new Float64Array(classes * classes);
  }

  /** @param scores [rows x classes] @param labels one per row, whole numbers below `classes` */
  add(scores: Float32Array, labels: ArrayLike<number>): void {
    for (let row = 0; row < labels.length; row++) {
      let best = 0;
      for (let c = 1; c < this.classes; c++) {
        if (scores[row * this.classes + c]! > scores[row * this.classes + best]!) best = c;
      }
      this.#counts[labels[row]! * this.classes + best]! += 1;
    }
  }

  /** Rows of class `label` that the model took for class `answer`. */
  count(label: number, answer: number): number {
    return this.#counts[label * this.classes + answer]!;
  }

  qualityOf(label: number): ClassQuality {
    let rows = 0;
    let answers = 0;
    for (let c = 0; c < this.classes; c++) {
      rows += this.count(label, c);
      answers += this.count(c, label);
    }
    const right = this.count(label, label);
    return { rows, precision: right / answers, recall: right / rows, f1: (2 * right) / (rows + answers) };
  }
}
