/* jwt: JSON Web Tokens (RFC 7519, RFC 7515 3.1): base64url of a header, '.', of a payload, '.', of a signature. The
 * header and the payload are JSON objects, so both begin with "ey" or "ew"; one whose end was cut off is hidden too. */
#include "filters/detect/value.h"

enum { HEADER_LEAST = 12 };

static bool base64url(char c) { return is_alnum(c) || c == '-' || c == '_'; }

static bool object_at(struct text text, size_t at) {
  return at + 2 < text.size && text.at[at] == 'e' && (text.at[at + 1] == 'y' || text.at[at + 1] == 'w') && base64url(text.at[at + 2]);
}

void jwt_scan(struct scan *scan) {
  struct text text = scan->text;
  size_t      done = 0;
  for (size_t dot = anchors_next(scan->anchors, CLASS_DOT, 0, text.size); dot < text.size;
       dot = anchors_next(scan->anchors, CLASS_DOT, dot + 1, text.size)) {
    size_t start = dot, end = dot + 1;
    if (dot < done || dot + 1 >= text.size || text.at[dot + 1] != 'e' || !object_at(text, dot + 1)) continue;
    while (start > done && base64url(text.at[start - 1])) start--;
    while (start < dot && !object_at(text, start)) start++; /* a word may be glued to it by '_' or '-' */
    if (dot - start < HEADER_LEAST) continue;
    for (unsigned parts = 0; end < text.size && (base64url(text.at[end]) || (text.at[end] == '.' && parts < 3)); end++) parts += text.at[end] == '.';
    while (end > dot && text.at[end - 1] == '.') end--;
    scan_add(scan, start, end, 0);
    done = end;
  }
}
