#pragma once

#include <string>
#include <string_view>

namespace troupe::memory {

/// "http://" or "https://" in front: a page; else the path of a file.
bool is_url(std::string_view source);

/// A source as messages have it: of a URL nothing that could be secret. Pure, as the others.
std::string shown_source(const std::string& source);

/// A document's source as clients may have it: of a URL whose query bears a key, a token or a signature, only
/// what stands before the query. Everything else is as it is. Pure.
std::string shown_address(std::string_view source);

/// The same as a model and a reader of text are shown it: of a path only the file's name, since who reads it
/// wants to know the document and not the machine.
std::string shown_name(std::string_view source);

}  // namespace troupe::memory
