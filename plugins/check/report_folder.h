#pragma once

#include "plugins/check/sanitized_library.h"
#include "runtime/base/result.h"

#include <string>
#include <vector>

namespace troupe::plugins {

inline constexpr std::size_t kReportFileBytes = 4u << 20;  // of one process, the rest is not read

/// A folder into which workers write what AddressSanitizer finds in them; gone with this. One thread.
class ReportFolder {
 public:
  /// Makes it where temporary files are, for the user that workers of this process run as. Errors: store.
  static Result<ReportFolder> make();
  ReportFolder(ReportFolder&& other) noexcept;
  ReportFolder& operator=(ReportFolder&&) = delete;
  ~ReportFolder();

  const std::string& path() const { return path_; }

  /// The environment of a worker that reports here. `runtime`: what is preloaded, "" where the program has
  /// it.
  std::vector<std::string> environment(const std::string& runtime) const;

  /// What was found so far, of leaks those of `library`, a file name; at most kReportsMost. Blocking.
  std::vector<Report> read(const std::string& library) const;

 private:
  explicit ReportFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace troupe::plugins
