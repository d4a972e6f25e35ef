#include "plugins/check/report_folder.h"

#include "runtime/sandbox/child_stage.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace fs = std::filesystem;

Result<ReportFolder> ReportFolder::make() {
  std::string path = (fs::temp_directory_path() / "troupe-check-XXXXXX").string();
  // Root's workers are nobody, who must write there.
  if (!::mkdtemp(path.data()) || (::geteuid() == 0 && ::chown(path.c_str(), sandbox::kNobody, 0) != 0))
    return fail(ErrorCode::store, fmt::format("{}: {}", path, std::strerror(errno)));
  return ReportFolder(std::move(path));
}

ReportFolder::ReportFolder(ReportFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}

ReportFolder::~ReportFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

std::vector<std::string> ReportFolder::environment(const std::string& runtime) const {
  std::string options = "detect_leaks=1:log_path=" + path_ + "/report:print_legend=0";
  // Beside clang's runtimes there may be the program that knows files and lines.
  if (const std::size_t at = runtime.find("/lib/clang/"); at != std::string::npos) {
    const std::string symbolizer = runtime.substr(0, at) + "/bin/llvm-symbolizer";
    std::error_code failed;
    if (fs::exists(symbolizer, failed)) options += ":external_symbolizer_path=" + symbolizer;
  }
  options += R"(:stack_trace_format="    #%n %p in %f %S %M")";  // with the library of each frame
  std::vector<std::string> environment{"ASAN_OPTIONS=" + options};
  if (!runtime.empty()) environment.push_back("LD_PRELOAD=" + runtime);
  return environment;
}

std::vector<Report> ReportFolder::read(const std::string& library) const {
  std::vector<Report> reports;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(path_, failed)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::string text(kReportFileBytes, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    for (Report& report : read_reports(text, library))
      if (reports.size() < kReportsMost) reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace troupe::plugins
