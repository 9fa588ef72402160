// The peer of the sweep's timing: the ReLU output model as a careful programmer writes it in plain JavaScript. Typed arrays,
// no allocation in a step, zero inputs and silent outputs skipped, Adam in place. It is a source text, for a worker.

export const plainSource = `
class PlainModel {
  constructor(n, m, importance, density, batch, weights, bias) {
    Object.assign(this, { n, m, density, batch, t: 0 });
    const size = m * n + n;
    this.parameters = new Float64Array(size);
    this.parameters.set(weights);
    this.parameters.set(bias, m * n);
    this.gradient = new Float64Array(size);
    this.first = new Float64Array(size);
    this.second = new Float64Array(size);
    this.importance = Float64Array.from(importance);
    this.x = new Float64Array(n);
    this.h = new Float64Array(m);
    this.dh = new Float64Array(m);
  }

  state() {
    const { n, m, parameters } = this;
    return { weights: [...parameters.subarray(0, m * n)], bias: [...parameters.subarray(m * n)] };
  }

  step() {
    const { n, m, density, batch, parameters, gradient, first, second, importance, x, h, dh } = this;
    const bias = m * n;
    gradient.fill(0);
    let loss = 0;
    for (let sample = 0; sample < batch; sample++) {
      h.fill(0);
      dh.fill(0);
      for (let i = 0; i < n; i++) {
        const u = Math.random();
        if (u < density) {
          x[i] = u / density;
          for (let k = 0; k < m; k++) h[k] += parameters[k * n + i] * x[i];
        } else {
          x[i] = 0;
        }
      }
      for (let i = 0; i < n; i++) {
        let out = parameters[bias + i];
        for (let k = 0; k < m; k++) out += parameters[k * n + i] * h[k];
        if (out > 0) {
          const error = out - x[i];
          loss += importance[i] * error * error;
          const g = 2 * importance[i] * error;
          gradient[bias + i] += g;
          for (let k = 0; k < m; k++) {
            gradient[k * n + i] += h[k] * g;
            dh[k] += parameters[k * n + i] * g;
          }
        } else if (x[i] !== 0) {
          loss += importance[i] * x[i] * x[i];
        }
      }
      for (let i = 0; i < n; i++) {
        if (x[i] !== 0) for (let k = 0; k < m; k++) gradient[k * n + i] += x[i] * dh[k];
      }
    }
    this.t += 1;
    const scale = 1 / (batch * n);
    const step = 1e-3 / (1 - 0.9 ** this.t);
    const root = Math.sqrt(1 / (1 - 0.999 ** this.t));
    for (let at = 0; at < parameters.length; at++) {
      const g = gradient[at] * scale;
      first[at] = 0.9 * first[at] + 0.1 * g;
      second[at] = 0.999 * second[at] + 0.001 * g * g;
      parameters[at] -= (step * first[at]) / (Math.sqrt(second[at]) * root + 1e-8);
    }
    this.loss = loss * scale;
  }
}
`;
