#pragma once

#include <string>
#include <string_view>

namespace troupe::memory {

/// A document's source as clients may have it: of a URL whose query bears a key, a token or a signature, only
/// what stands before the query. Everything else is as it is. Pure.
std::string shown_address(std::string_view source);

/// The same as a model and a reader of text are shown it: of a path only the file's name, since who reads it
/// wants to know the document and not the machine.
std::string shown_name(std::string_view source);

}  // namespace troupe::memory
