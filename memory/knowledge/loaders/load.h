#pragma once

#include "memory/knowledge/document.h"
#include "memory/knowledge/loaders/format.h"
#include "memory/knowledge/loaders/limits.h"
#include "runtime/base/result.h"

#include <string>
#include <string_view>

namespace troupe::memory::loaders {

/// What is known of a file besides its bytes and its format; empty: nothing.
struct LoadOptions {
  std::string charset;   ///< that its sender declares; a page's own declaration yields to it
  std::string path;      ///< file name or URL: the language of code
  std::string pdf_info;  ///< the output of pdfinfo_arguments
  bool links = true;     ///< of pages: keep where links lead
  LoadLimits limits;
};

/// Makes a document of a file's bytes; of a PDF, of what pdftotext_arguments wrote (pdf.h). No I/O, no state:
/// any thread. Time and memory are linear in the bytes, whatever they hold. Remarks say what could not be
/// read; errors are left for what gives nothing: too_large (more than limits.input_bytes), invalid (JSON that
/// is none; a PDF instead of its text).
Result<Document> load(std::string_view bytes, Format format, const LoadOptions& options = {});

}  // namespace troupe::memory::loaders
