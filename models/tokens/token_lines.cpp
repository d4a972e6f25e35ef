#include "models/tokens/token_lines.h"

#include "runtime/base/json.h"

#include <istream>
#include <iterator>
#include <ostream>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::models::tokens {

namespace {

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Result<std::string> text_of(std::string_view line) {
  auto record = parse_json(line);
  if (!record) return std::unexpected(record.error());
  const Json* text = find(*record, "text");
  if (!text || !text->is_string()) return fail(ErrorCode::invalid, "it is no object with the text in `text`");
  return text->get<std::string>();
}

void print(std::ostream& out, const Encoding& encoding, bool ids, std::string_view text) {
  if (ids)
    out << fmt::format("{}", fmt::join(encoding.encode(text), " ")) << std::endl;
  else
    out << encoding.count(text) << std::endl;
}

}  // namespace

bool count_lines(std::istream& in, std::ostream& out, std::ostream& errors, const Encoding& encoding,
                 bool ids) {
  std::string line, before;
  std::size_t number = 1;
  while (std::getline(in, line) && blank(line)) {
    before += line;
    if (!in.eof()) before += '\n';
    line.clear();
    ++number;
  }
  if (!text_of(line)) {  // one text, to its last byte
    std::string text = before + line;
    if (!in.eof()) text += '\n';
    text.append(std::istreambuf_iterator<char>(in), {});
    print(out, encoding, ids, text);
    return true;
  }
  bool all = true;
  do {
    if (blank(line)) continue;
    if (auto text = text_of(line)) {
      print(out, encoding, ids, *text);
    } else {
      all = false;
      errors << "line " << number << ": " << text.error().message << '\n';
      out << "error" << std::endl;
    }
  } while (++number, std::getline(in, line));
  return all;
}

}  // namespace troupe::models::tokens
