#include "memory/knowledge/loaders/load.h"

#include "memory/knowledge/loaders/code.h"
#include "memory/knowledge/loaders/csv_file.h"
#include "memory/knowledge/loaders/decode.h"
#include "memory/knowledge/loaders/draft.h"
#include "memory/knowledge/loaders/html.h"
#include "memory/knowledge/loaders/json_file.h"
#include "memory/knowledge/loaders/markdown.h"
#include "memory/knowledge/loaders/pdf.h"

#include <fmt/format.h>

namespace troupe::memory::loaders {

namespace {

/// Lines end in '\n' from here on.
void unify_line_ends(std::string& text) {
  std::size_t out = text.find('\r');
  if (out == std::string::npos) return;
  for (std::size_t at = out; at < text.size(); ++at) {
    if (text[at] != '\r')
      text[out++] = text[at];
    else if (at + 1 >= text.size() || text[at + 1] != '\n')
      text[out++] = '\n';
  }
  text.resize(out);
}

Document load_text(std::string_view text, const LoadLimits& limits) {
  Draft draft(Format::text, limits);
  draft.add(text);
  return std::move(draft).finish();
}

Result<Document> read(std::string_view text, Format format, const LoadOptions& options) {
  const LoadLimits& limits = options.limits;
  switch (format) {
    case Format::markdown:
      return load_markdown(text, limits);
    case Format::html:
      return load_html(text, limits, options.links);
    case Format::pdf:
      return load_pdf(text, options.pdf_info, limits);
    case Format::csv:
      return load_csv(text, limits);
    case Format::json:
      return load_json(text, limits);
    case Format::jsonl:
      return load_jsonl(text, limits);
    case Format::code:
      return load_code(text, language_of_path(options.path), limits);
    case Format::text:
      break;
  }
  return load_text(text, limits);
}

void tell_decoding(const Decoded& decoded, Document& document) {
  if (decoded.charset != "utf-8") document.metadata["charset"] = decoded.charset;
  if (decoded.guessed)
    document.remarks.push_back(fmt::format(
        "The file does not say its character encoding and is no UTF-8; it was read as {}.", decoded.charset));
  if (decoded.replaced)
    document.remarks.push_back(
        fmt::format("At {} places the file holds bytes that are no {}; they were replaced by U+FFFD.",
                    decoded.replaced, decoded.charset));
}

}  // namespace

Result<Document> load(std::string_view bytes, Format format, const LoadOptions& options) {
  if (bytes.size() > options.limits.input_bytes)
    return fail(ErrorCode::too_large, fmt::format("a file of {} bytes; at most {} are read", bytes.size(),
                                                  options.limits.input_bytes));
  if (format == Format::pdf && bytes.starts_with("%PDF-"))
    return fail(ErrorCode::invalid,
                "these are the bytes of a PDF; what pdftotext makes of them was expected");
  std::string charset = options.charset;
  if (charset.empty() && format == Format::html) charset = charset_of_page(bytes);
  Decoded decoded = decode(bytes, charset);
  unify_line_ends(decoded.text);
  auto document = read(decoded.text, format, options);
  if (document) tell_decoding(decoded, *document);
  return document;
}

}  // namespace troupe::memory::loaders
