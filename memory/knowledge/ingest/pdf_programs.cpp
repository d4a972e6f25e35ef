#include "memory/knowledge/ingest/pdf_programs.h"

#include "memory/knowledge/ingest/limits.h"
#include "memory/knowledge/loaders/pdf.h"
#include "runtime/sandbox/run_once.h"

#include <algorithm>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

/// The path of a program, "" when it is in none of the folders.
std::string find_program(std::string_view name, const std::string& folders) {
  for (std::string_view rest = folders; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string path = fmt::format("{}/{}", rest.substr(0, end), name);
    if (path.starts_with('/') && ::access(path.c_str(), X_OK) == 0) return path;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return "";
}

}  // namespace

PdfPrograms::PdfPrograms(Loop& loop, sandbox::Support support, Limits limits, std::string path)
    : loop_(loop), support_(std::move(support)), limits_(limits), path_(std::move(path)) {}

Result<sandbox::Cage> PdfPrograms::cage_of(std::vector<std::string> command) const {
  const std::string program = find_program(command.front(), path_);
  if (program.empty())
    return fail(ErrorCode::unavailable,
                fmt::format("{} is not installed, which reads PDFs: install the package poppler-utils",
                            command.front()));
  command.erase(command.begin());
  const sandbox::Confinement confinement{.readable = sandbox::system_paths(),
                                         .address_space = limits_.memory,
                                         .cpu_seconds = static_cast<std::uint32_t>(limits_.cpu.count())};
  return sandbox::Cage::make(support_, confinement, {program, std::move(command), {}});
}

Result<> PdfPrograms::find() {
  if (text_) return {};
  auto text = cage_of(loaders::pdftotext_arguments());
  if (!text) return fail(std::move(text.error()));
  if (auto info = cage_of(loaders::pdfinfo_arguments())) info_.emplace(std::move(*info));
  text_.emplace(std::move(*text));
  return {};
}

Task<Result<PdfText>> PdfPrograms::read(std::string bytes, Deadline deadline, Stop& stop) {
  if (auto found = find(); !found) co_return fail(std::move(found.error()));
  std::string again = info_ ? bytes : "";
  auto text =
      co_await sandbox::run_once(loop_, *text_, std::move(bytes), limits::kPdfTextBytes, deadline, stop);
  if (!text) co_return fail(std::move(text.error()));
  PdfText read{.text = std::move(*text)};
  if (!info_) co_return read;
  auto info =
      co_await sandbox::run_once(loop_, *info_, std::move(again), limits::kPdfInfoBytes, deadline, stop);
  if (info) read.info = std::move(*info);
  co_return read;
}

}  // namespace troupe::memory
