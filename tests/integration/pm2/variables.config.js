module.exports = {
  script: 'app.js',
  env: {
    QUOTED: 'say "yes"',
    DOLLAR: 'price $5 and ${NOTHING}',
    BACKSLASH: 'C:\\new',
    SPACES: '  two  ',
    EMPTY: '',
    NUMBER: 0,
    OFF: false,
    OBJECT: {a: [1, '"']},
    NONE: null,
    LINES: 'one\ntwo',
    'not-a name': 'x',
    UMLAUT: 'grün',
  },
};
