/* url_query: values of credential-like keys in a URL's query: ?token=…&sig=…. The same words elsewhere ("code=200",
 * "key=value") say nothing. */
#include "filters/detect/value.h"

/* The key stands behind '?' or '&', in plain, percent or entity spelling, or behind the '#' of a fragment. */
static bool in_query(struct text text, size_t start) {
  if (start == 0) return false;
  if (text.at[start - 1] == '?' || text.at[start - 1] == '&') return true;
  if (text.at[start - 1] == '#') return start > 1 && !is_digit(text.at[start - 2]) && text.at[start - 2] != ' ';
  return ENDS(text, start, "&amp;") || ENDS(text, start, "%3f") || ENDS(text, start, "%26") || ENDS(text, start, "\\u0026") ||
         ENDS(text, start, "\\u003f");
}

void url_query_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    struct text         name;
    size_t              mark, end = keyed->start;
    if (!(keyed->kind & KEY_QUERY)) continue;
    name = keyed_name_of(scan, keyed, &mark);
    if (name.at == NULL || mark == KEY_IS_FIELD || text.at[mark] != '=' || keyed->start != mark + 1) continue;
    if (!in_query(text, (size_t)(name.at - text.at))) {
      scan_note(scan, keyed->start, keyed->end, "this key does not stand in a URL's query");
      continue;
    }
    while (end < keyed->end && text.at[end] != '#' && !STARTS(text, end, "%26") && !STARTS(text, end, "\\u0026")) end++;
    if (text.at[keyed->start] != '[') scan_add(scan, keyed->start, end, 0);
  }
}
