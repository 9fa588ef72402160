/**
 * What is particular to each figure: its title, the settings that matter in it, and a few presets with what they show. A preset's
 * `check` is what tests/browser/presets.test.mjs holds it to.
 */

const TRAINING = ['steps', 'batch', 'learning_rate', 'schedule', 'optimizer'];
const SETS = ['axis:seed', 'density', 'axis:density', 'correlated', 'anticorrelated', 'restarts.count', 'steps', 'learning_rate', 'gradient'];
const BASIC = ['features', 'hidden', 'importance', 'axis:density', 'axis:model', ...TRAINING];
const ABSOLUTE = ['features', 'hidden', 'importance', 'density', 'axis:density', 'restarts.count', ...TRAINING];

/**
 * @type {Record<string, {title: string, fields: string[], presets?: {name: string, claim: string, spec: object}[]}>}
 */
export const CATALOGUE = {
  'basic-small': {
    title: 'Twenty features in five dimensions', fields: BASIC,
    presets: [
      { name: 'All matter alike', claim: 'With equal importance no feature is left out for good: at a density of 0.03 many share the five dimensions.', spec: { importance: 1, steps: 4000 } },
      { name: 'Too large a step', claim: 'At a learning rate of 0.5 training never settles, and the losses end far above the others.', spec: { learning_rate: 0.5, steps: 2000 } },
    ],
  },
  'basic-large': {
    title: 'Eighty features in twenty dimensions', fields: BASIC,
    presets: [
      { name: 'Far too short', claim: 'After 300 steps little is sorted out: where features are dense, the linear model still spreads itself thinly over many more than twenty of them.', spec: { steps: 300, sweep: [{ field: 'density', values: [1, 0.1, 0.01] }, { field: 'model', values: ['linear', 'relu'] }] } },
    ],
  },
  'loss-terms': {
    title: 'Feature benefit and interference', fields: ['features', 'hidden', 'importance', 'axis:density', 'restarts.count', 'gradient', ...TRAINING],
    presets: [
      { name: 'All matter alike', claim: 'With equal importance the linear model has no two favourites: it spreads its two dimensions over three features or more, and their interference stays however rare they are.', spec: { importance: 1 } },
    ],
  },
  'loss-surface': {
    title: 'The loss of two features in one dimension', fields: ['density', 'importance', 'restarts.count'],
    presets: [
      { name: 'Rare features', claim: 'At a density of 0.05 the antipodal pair is the lowest minimum by far.', spec: { density: 0.05 } },
      { name: 'Confused', claim: 'Dense features without a bias have a minimum where both weights have one sign.', spec: { density: 0.8, importance: [1, 1] } },
    ],
  },
  dimensions: {
    title: 'Dimensions per feature', fields: ['features', 'hidden', 'axis:density', 'start.scale', ...TRAINING],
    presets: [
      { name: 'Smaller, faster', claim: 'A hundred features in ten dimensions stick at 1 and at 1/2 just as well.', spec: { features: 100, hidden: 10, steps: 2000, learning_rate: 0.005, schedule: 'cosine' } },
    ],
  },
  dimensionality: {
    title: 'The dimensionality of each feature', fields: ['features', 'hidden', 'axis:density', 'restarts.count', 'start.scale', ...TRAINING],
    presets: [
      { name: 'Smaller, faster', claim: 'A hundred features in ten dimensions crowd at 1/2, too.', spec: { features: 100, hidden: 10, steps: 3000, learning_rate: 0.005, restarts: { count: 2, keep: 'all' }, sweep: [{ field: 'density', values: [0.5, 0.4, 1 / 3, 0.25, 0.2] }] } },
    ],
  },
  polytopes: {
    title: 'The solids that features form', fields: ['features'],
    presets: [
      { name: 'Up to five', claim: 'Five points cannot share alike: in a triangular bipyramid three get two thirds of a dimension each, and two get one half.', spec: { features: 5 } },
    ],
  },
  perturb: {
    title: 'One feature rarer or more frequent than the rest', fields: ['axis:density[0]', 'restarts.count', 'steps', 'learning_rate', 'schedule'],
    presets: [
      { name: 'One try each', claim: 'With one start a point, many models stop in a worse arrangement: local minima.', spec: { restarts: { count: 1, keep: 'all' } } },
    ],
  },
  correlated: {
    title: 'Correlated features', fields: SETS,
    presets: [
      { name: 'Dense', claim: 'Where features are frequent, the two of a set fall together into one direction: a principal component.', spec: { density: 0.5 } },
    ],
  },
  anticorrelated: {
    title: 'Anticorrelated features', fields: SETS,
    presets: [
      { name: 'Sets of three', claim: 'Of three features only one is there at a time: each set makes a triangle of its own, and the two triangles a hexagon.', spec: { features: 6, anticorrelated: [[0, 1, 2], [3, 4, 5]] } },
      { name: 'One try each', claim: 'With one start a seed one of the five gets stuck: its companions stand at right angles, and the loss is not zero.', spec: { restarts: { count: 1, keep: 'best' } } },
    ],
  },
  'local-bases': {
    title: 'Local almost-orthogonal bases', fields: ['density', 'correlated', 'features', 'hidden', 'restarts.count', ...TRAINING],
    presets: [
      { name: 'Twice as frequent', claim: 'At twice the density training tends to get stuck: in two or more of these four runs some companions are left at 60° to 73° instead of a right angle.', spec: { density: 0.1, restarts: { count: 4, keep: 'all' } } },
    ],
  },
  collapse: {
    title: 'Correlated features collapse', fields: SETS,
    presets: [
      { name: 'One try each', claim: 'One start a density can miss the best arrangement: at 0.1 no pair has merged, where one should have, and at 0.35 all three have, where two should.', spec: { restarts: { count: 1, keep: 'best' } } },
    ],
  },
  'energy-levels': {
    title: 'Learning in jumps', fields: ['features', 'hidden', 'density', 'start.scale', ...TRAINING],
    presets: [
      { name: 'A plain start', claim: 'From weights of the usual size only a few features jump.', spec: { start: { scale: 1, bias: 'mean' } } },
    ],
  },
  trajectories: {
    title: 'Two sets of features find their places', fields: ['density', 'correlated', 'start.scale', 'steps', 'learning_rate', 'gradient'],
    presets: [
      { name: 'Without sets', claim: 'Six independent features end in the octahedron as well, without parting set from set first.', spec: { correlated: null } },
    ],
  },
  adversarial: {
    title: 'Superposition and adversarial attacks', fields: ['features', 'hidden', 'axis:density', 'attack.norm', 'start.scale', ...TRAINING],
    presets: [
      { name: 'Smaller, faster', claim: 'Forty features in eight dimensions tell the same: vulnerability grows more than threefold, in step with the features per dimension.', spec: { features: 40, hidden: 8, steps: 2000 } },
    ],
  },
  privileged: {
    title: 'Neurons with a meaning of their own', fields: ['features', 'hidden', 'importance', 'axis:density', 'restarts.count', ...TRAINING],
    presets: [
      { name: 'One try each', claim: 'A single start seldom finds the best code: neurons stay mixed or silent.', spec: { restarts: { count: 1, keep: 'best' } } },
    ],
  },
  'absolute-small': {
    title: 'Six neurons compute three absolute values', fields: ABSOLUTE,
    presets: [
      { name: 'Stuck', claim: 'From a plain start, sparse and once only, training often stops at one-sided features.', spec: { density: 0.1, start: null, restarts: { count: 1, keep: 'best' } } },
    ],
  },
  'absolute-large': {
    title: 'Computation in superposition', fields: ABSOLUTE,
    presets: [
      { name: 'A plain start', claim: 'From output weights of either sign many features stay one-sided: at a density of 0.1 the loss ends about three times as high as from non-negative ones.', spec: { features: 40, hidden: 16, steps: 4000, start: null, sweep: [{ field: 'density', values: [1, 0.1, 0.01] }] } },
    ],
  },
  asymmetric: {
    title: 'The asymmetric superposition motif', fields: ABSOLUTE,
    presets: [
      { name: 'Twice as many features', claim: 'With twenty features for the same fifteen neurons the motif is everywhere: every one of the networks has it, and most have it several times.', spec: { features: 20, restarts: { count: 6, keep: 'all' } } },
    ],
  },
  without: {
    title: 'Ways to models without superposition', fields: ['features', 'hidden', 'density', 'importance', 'axis:hidden_l1', 'restarts.count', ...TRAINING],
    presets: [
      { name: 'Far too strong', claim: 'A penalty of 0.1 is too much of a good thing: no feature is worth its activity any more, and none is kept.', spec: { steps: 1500, sweep: [{ field: 'hidden_l1', values: [0, 0.01, 0.03, 0.1] }] } },
    ],
  },
  dictionary: {
    title: 'Features found again by a dictionary', fields: ['features', 'hidden', 'density', 'importance', 'dictionary.latents', 'dictionary.topk', 'dictionary.steps', ...TRAINING],
    presets: [
      { name: 'Too few entries', claim: 'Twenty entries cannot hold some forty features: most directions stay unfound.', spec: { dictionary: { latents: 20, topk: 3, batch: 512, steps: 2000, learning_rate: 0.003, resample_every: 300 } } },
    ],
  },
  playground: {
    title: 'A model of your own',
    fields: ['model', 'features', 'hidden', 'density', 'importance', 'restarts.count', 'restarts.keep', ...TRAINING, 'gradient', 'hidden_l1', 'train_bias',
      'correlated', 'anticorrelated', 'start', 'pinned', 'adversarial_training', 'weight_decay', 'momentum', 'stop', 'record', 'attack', 'dictionary', 'sweep', 'level'],
    presets: [
      { name: 'A pentagon', claim: 'Five features that are rare enough share two dimensions as a pentagon.', spec: { features: 5, hidden: 2, importance: 0.9, density: 0.07, restarts: { count: 8, keep: 'best' } } },
      { name: 'An octahedron', claim: 'Six features in three dimensions take the corners of an octahedron.', spec: { features: 6, hidden: 3, importance: 1, density: 0.1, restarts: { count: 4, keep: 'best' } } },
      { name: 'A local minimum', claim: 'A seed that stops at two pairs and leaves one feature out, where a pentagon would be better.', spec: { features: 5, hidden: 2, importance: 0.9, density: 0.07, restarts: { count: 16, keep: 'all' } } },
      { name: 'Too large a step', claim: 'At a learning rate of 1 the weights jump about and nothing is learned.', spec: { features: 5, hidden: 2, learning_rate: 1, density: 0.07, steps: 2000 } },
    ],
  },
};

/** Ids of the figures that live.js shows. */
export const LIVE_IDS = Object.keys(CATALOGUE);
