#pragma once

#include "memory/knowledge/document.h"
#include "memory/knowledge/loaders/limits.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory::loaders {

inline constexpr int kPdfPages = 500;  ///< that are read of one file

/// What reads a PDF from its standard input and writes its text: the program (poppler-utils) and its
/// arguments. Without -layout, so that the columns of a page come one after the other and words divided at
/// the end of a line are whole; pages end in a form feed.
std::vector<std::string> pdftotext_arguments(int pages_max = kPdfPages);
/// The same for what the file says of itself; its output is the `info` of load_pdf.
std::vector<std::string> pdfinfo_arguments();

/// The text of a PDF from the output of these programs, well-formed UTF-8. `info` may be empty. Lines that
/// stand at the head or the foot of most pages, but for the numbers in them, are left out. Remarks name the
/// pages that hold no text, which may be scanned ones.
Document load_pdf(std::string_view text, std::string_view info, const LoadLimits& limits);

}  // namespace troupe::memory::loaders
