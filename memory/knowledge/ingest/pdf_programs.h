#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"
#include "runtime/sandbox/cage.h"
#include "runtime/sandbox/support.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace troupe::memory {

/// What pdftotext and pdfinfo wrote of one file.
struct PdfText {
  std::string text;
  std::string info;  ///< "": it could not be had, which is no error
};

/// The programs that read PDFs, of the package poppler-utils, each confined and run once a file. They are
/// looked for with the first one. Loop thread only.
class PdfPrograms {
 public:
  struct Limits {
    std::size_t memory = 512u << 20;
    std::chrono::seconds cpu{60};
  };
  /// `loop` outlives it. `path`: folders to look in, as of the environment, behind /usr/bin.
  PdfPrograms(Loop& loop, sandbox::Support support, Limits limits, std::string path);

  /// Errors: unavailable (pdftotext is not installed), and as run_once(): tool with what pdftotext said of a
  /// broken or locked file, too_large, timeout, cancelled.
  Task<Result<PdfText>> read(std::string bytes, Deadline deadline, Stop& stop);

 private:
  Result<sandbox::Cage> cage_of(std::vector<std::string> command) const;
  Result<> find();

  Loop& loop_;
  const sandbox::Support support_;
  const Limits limits_;
  const std::string path_;
  std::optional<sandbox::Cage> text_;
  std::optional<sandbox::Cage> info_;
};

}  // namespace troupe::memory
