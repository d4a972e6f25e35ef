#include "memory/knowledge/loaders/format.h"

#include "memory/knowledge/loaders/magic.h"
#include "memory/knowledge/loaders/sniff.h"
#include "models/builtin/utf8.h"
#include "runtime/base/ascii.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace troupe::memory::loaders {

namespace {

using models::builtin::trim;

constexpr std::array<std::string_view, 8> kWords = {"text", "markdown", "html",  "pdf",
                                                    "csv",  "json",     "jsonl", "code"};

struct Ending {
  std::string_view name;
  Format format;
  std::string_view language = {};
};

constexpr Ending kEndings[] = {
    {"txt", Format::text},
    {"text", Format::text},
    {"log", Format::text},
    {"rst", Format::text},
    {"adoc", Format::text},
    {"srt", Format::text},
    {"md", Format::markdown},
    {"mdx", Format::markdown},
    {"markdown", Format::markdown},
    {"html", Format::html},
    {"htm", Format::html},
    {"xhtml", Format::html},
    {"pdf", Format::pdf},
    {"csv", Format::csv},
    {"tsv", Format::csv},
    {"tab", Format::csv},
    {"json", Format::json},
    {"geojson", Format::json},
    {"ipynb", Format::json},
    {"jsonl", Format::jsonl},
    {"ndjson", Format::jsonl},
    {"c", Format::code, "c"},
    {"h", Format::code, "cpp"},
    {"cc", Format::code, "cpp"},
    {"cpp", Format::code, "cpp"},
    {"cxx", Format::code, "cpp"},
    {"hh", Format::code, "cpp"},
    {"hpp", Format::code, "cpp"},
    {"py", Format::code, "python"},
    {"pyi", Format::code, "python"},
    {"js", Format::code, "javascript"},
    {"mjs", Format::code, "javascript"},
    {"cjs", Format::code, "javascript"},
    {"jsx", Format::code, "javascript"},
    {"ts", Format::code, "typescript"},
    {"tsx", Format::code, "typescript"},
    {"go", Format::code, "go"},
    {"rs", Format::code, "rust"},
    {"java", Format::code, "java"},
    {"kt", Format::code, "kotlin"},
    {"cs", Format::code, "csharp"},
    {"rb", Format::code, "ruby"},
    {"php", Format::code, "php"},
    {"sh", Format::code, "shell"},
    {"bash", Format::code, "shell"},
    {"sql", Format::code, "sql"},
    {"lua", Format::code, "lua"},
    {"swift", Format::code, "swift"},
    {"scala", Format::code, "scala"},
    {"r", Format::code, "r"},
    {"css", Format::code, "css"},
    {"yaml", Format::code, "yaml"},
    {"yml", Format::code, "yaml"},
    {"toml", Format::code, "toml"},
    {"xml", Format::code, "xml"},
    {"cmake", Format::code, "cmake"},
    {"makefile", Format::code, "make"},
    {"dockerfile", Format::code, "dockerfile"},
};

const Ending* find_ending(std::string_view path) {
  const std::string ending = ending_of_path(path);
  const auto* it = std::ranges::find(kEndings, ending, &Ending::name);
  return it == std::end(kEndings) ? nullptr : it;
}

struct MediaType {
  std::string_view name;
  Format format;
};

constexpr MediaType kMediaTypes[] = {
    {"text/html", Format::html},
    {"application/xhtml+xml", Format::html},
    {"text/markdown", Format::markdown},
    {"text/x-markdown", Format::markdown},
    {"application/pdf", Format::pdf},
    {"text/csv", Format::csv},
    {"text/tab-separated-values", Format::csv},
    {"application/json", Format::json},
    {"text/json", Format::json},
    {"application/x-ndjson", Format::jsonl},
    {"application/jsonl", Format::jsonl},
    {"application/json-lines", Format::jsonl},
    {"application/javascript", Format::code},
    {"text/javascript", Format::code},
    {"text/css", Format::code},
    {"text/xml", Format::code},
    {"application/xml", Format::code},
    {"text/x-python", Format::code},
    {"text/x-c", Format::code},
};

}  // namespace

std::string_view word(Format format) {
  return kWords[static_cast<std::size_t>(format)];
}

std::optional<Format> format_named(std::string_view name) {
  const auto* it = std::ranges::find(kWords, name);
  if (it == kWords.end()) return std::nullopt;
  return static_cast<Format>(it - kWords.begin());
}

std::string ending_of_path(std::string_view path) {
  if (path.find("://") != std::string_view::npos) path = path.substr(0, path.find_first_of("?#"));
  if (const auto slash = path.find_last_of("/\\"); slash != std::string_view::npos)
    path = path.substr(slash + 1);
  const auto dot = path.find_last_of('.');
  return lower(dot == std::string_view::npos ? path : path.substr(dot + 1));
}

std::optional<Format> format_of_path(std::string_view path) {
  const Ending* ending = find_ending(path);
  return ending ? std::optional(ending->format) : std::nullopt;
}

std::string_view language_of_path(std::string_view path) {
  const Ending* ending = find_ending(path);
  return ending ? ending->language : std::string_view();
}

std::optional<Format> format_of_content_type(std::string_view content_type) {
  const std::string type = lower(trim(content_type.substr(0, content_type.find(';'))));
  const auto* it = std::ranges::find(kMediaTypes, type, &MediaType::name);
  if (it != std::end(kMediaTypes)) return it->format;
  return type.ends_with("+json") ? std::optional(Format::json) : std::nullopt;
}

std::string charset_of_content_type(std::string_view content_type) {
  for (auto at = content_type.find(';'); at != std::string_view::npos;) {
    const auto next = content_type.find(';', at + 1);
    const auto end = next == std::string_view::npos ? content_type.size() : next;
    const std::string_view parameter = content_type.substr(at + 1, end - at - 1);
    const auto equals = parameter.find('=');
    if (equals != std::string_view::npos && lower(trim(parameter.substr(0, equals))) == "charset") {
      std::string_view value = trim(parameter.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      return std::string(value);
    }
    at = next;
  }
  return "";
}

Result<Format> format_of(std::string_view bytes, const Origin& origin) {
  const std::string_view binary = binary_kind(bytes);
  if (binary == kPdfKind) return Format::pdf;
  if (!binary.empty())
    return fail(ErrorCode::invalid,
                fmt::format("{} looks like {}, which holds no text that can be read here; convert it to PDF, "
                            "HTML, Markdown or plain text first",
                            origin.path.empty() ? "the file" : origin.path, binary));
  auto said = format_of_path(origin.path);
  if (!said) said = format_of_content_type(origin.content_type);
  if (said == Format::pdf)
    return fail(ErrorCode::invalid,
                fmt::format("{} is named a PDF but does not begin with %PDF-; it may be an "
                            "error page or a broken download",
                            origin.path.empty() ? "the file" : origin.path));
  return said ? *said : sniff(bytes);
}

}  // namespace troupe::memory::loaders
