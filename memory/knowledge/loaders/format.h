#pragma once

#include "runtime/base/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::memory::loaders {

/// The kinds of file that become a Document. A PDF is read by another program first: see pdf.h.
enum class Format { text, markdown, html, pdf, csv, json, jsonl, code };

/// "text", "markdown" …: as Document::format, the configuration and error messages spell it.
std::string_view word(Format format);
/// The format of that word; nullopt: there is none.
std::optional<Format> format_named(std::string_view word);

/// What of a path or URL says what the file is: behind the last dot of its last name, or that whole name, in
/// lower case.
std::string ending_of_path(std::string_view path);

/// By what follows the last dot of a file name or a URL's path, in any case; also by a few whole names
/// ("Makefile"). nullopt: it says nothing.
std::optional<Format> format_of_path(std::string_view path);
/// The programming language of a file name ("cpp", "python" …); empty: none that is known.
std::string_view language_of_path(std::string_view path);

/// By a Content-Type header; parameters are ignored. nullopt also for text/plain and octet-stream, which
/// servers send for anything.
std::optional<Format> format_of_content_type(std::string_view content_type);
/// The charset parameter of a Content-Type header, unquoted; empty: it has none.
std::string charset_of_content_type(std::string_view content_type);

/// What is known of a file besides its bytes; empty: nothing.
struct Origin {
  std::string path;          ///< file name or URL
  std::string content_type;  ///< the header's value
};

/// Decides what `bytes` are: by their first bytes when these are clear, then by the name, the Content-Type,
/// and at last by what the text looks like. Error `invalid`: they are no text, and the message names what
/// they look like. Linear in the bytes; any thread.
Result<Format> format_of(std::string_view bytes, const Origin& origin);

}  // namespace troupe::memory::loaders
