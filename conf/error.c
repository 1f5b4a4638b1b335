#include "conf/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void conf_fail_at(struct conf_errors *errors, const char *file, int line, int col, const char *format, ...) {
  struct conf_error *error;
  va_list            arguments;
  if (errors->count == errors->room) {
    size_t             room = errors->room == 0 ? 16 : errors->room * 2;
    struct conf_error *list = realloc(errors->list, room * sizeof *list);
    if (list == NULL) return; /* those before stand; the configuration is refused all the same */
    errors->list = list;
    errors->room = room;
  }
  error = &errors->list[errors->count++];
  *error = (struct conf_error){ .file = strdup(file), .line = line, .col = col };
  va_start(arguments, format);
  vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
}

void conf_errors_print(const struct conf_errors *errors, void *stream) {
  for (size_t i = 0; i < errors->count; i++) {
    const struct conf_error *error = &errors->list[i];
    const char              *file = error->file != NULL ? error->file : "?";
    if (error->line > 0) fprintf(stream, "%s:%d:%d: %s\n", file, error->line, error->col, error->text);
    else fprintf(stream, "%s: %s\n", file, error->text);
  }
}

void conf_errors_free(struct conf_errors *errors) {
  for (size_t i = 0; i < errors->count; i++) free((char *)errors->list[i].file);
  free(errors->list);
  *errors = (struct conf_errors){ 0 };
}
