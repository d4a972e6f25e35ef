#pragma once

#include "runtime/base/json.h"
#include "runtime/base/secret.h"

#include <cstddef>
#include <string>
#include <string_view>

/// What a server says, made fit to be read. Pure.
namespace troupe::tools::mcp {

/// Masks what is secret in every text and key of it.
void mask(Json& said, const Secrets& secrets);

/// On one line, whatever its line breaks and blanks, and at most so many bytes of it.
std::string one_line(std::string_view text, std::size_t bytes_max);

/// With another sentence behind it, whatever it ends in itself.
std::string with_sentence(std::string text, std::string_view sentence);

/// A number as people write it: 3, 2.5, 1234567.
std::string plain_number(double number);

}  // namespace troupe::tools::mcp
