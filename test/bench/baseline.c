/* The baseline of `make bench`: what a careful engineer gets from PCRE2 alone. Four patterns, JIT compiled, one substitute
 * call each per line, tags in place of hashes. Reads the files named, writes the result to standard output. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERNS = 4, ROOM = 1 << 17 };

static const struct {
  const char *match, *with;
} rows[PATTERNS] = {
  { "[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]{2,}", "[email]" },
  { "\\b([0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3})[.][0-9]{1,3}\\b", "$1.0" },
  { "(?<![0-9A-Fa-f:])([0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}):[0-9A-Fa-f:]*[0-9A-Fa-f]", "$1::" },
  { "(?<![0-9A-Za-z_.])(?:[+]|00)?[0-9]{9,15}(?![0-9A-Za-z_.])", "[phone]" },
};

int main(int argc, char **argv) {
  static char       bytes[2][ROOM];
  pcre2_code       *codes[PATTERNS];
  pcre2_match_data *data = pcre2_match_data_create(8, NULL);
  char             *line = NULL;
  size_t            room = 0;
  ssize_t           n;
  for (int i = 0; i < PATTERNS; i++) {
    int    error;
    size_t at;
    codes[i] = pcre2_compile((PCRE2_SPTR)rows[i].match, PCRE2_ZERO_TERMINATED, 0, &error, &at, NULL);
    if (codes[i] == NULL || pcre2_jit_compile(codes[i], PCRE2_JIT_COMPLETE) != 0) return 1;
  }
  for (int f = 1; f < argc; f++) {
    FILE *file = fopen(argv[f], "r");
    if (file == NULL) return 1;
    while ((n = getline(&line, &room, file)) >= 0) {
      const char *in = line;
      size_t      size = (size_t)n, out;
      for (int i = 0; i < PATTERNS; i++) {
        out = ROOM;
        if (pcre2_substitute(codes[i], (PCRE2_SPTR)in, size, 0, PCRE2_SUBSTITUTE_GLOBAL, data, NULL, (PCRE2_SPTR)rows[i].with, PCRE2_ZERO_TERMINATED,
                             (PCRE2_UCHAR *)bytes[i & 1], &out) < 0)
          return 1;
        in = bytes[i & 1];
        size = out;
      }
      fwrite(in, 1, size, stdout);
    }
    fclose(file);
  }
  return fflush(stdout) != 0;
}
