#pragma once

#include <string_view>

namespace troupe::memory::loaders {

/// What binary_kind answers for a PDF, the one of its kinds that can be read.
inline constexpr std::string_view kPdfKind = "a PDF document";

/// What `bytes` are, by their first bytes, when they are no text: "a PNG picture", "a Word document (.docx)",
/// and when nothing is known of them but that they hold many control characters, "binary data". Empty: they
/// may be text; UTF-16 and UTF-32 count as text. Reads a few kilobytes at most.
std::string_view binary_kind(std::string_view bytes);

}  // namespace troupe::memory::loaders
