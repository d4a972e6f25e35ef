#include "tools/builtin/files/file_work.h"

#include "tools/builtin/files/file_walk.h"
#include "tools/builtin/files/name_shown.h"
#include "tools/builtin/text/sound_utf8.h"
#include "tools/observation.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <fnmatch.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::tools::files {

namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;
constexpr std::size_t kScanned = std::size_t{64} << 20;  // bytes that one call goes through
constexpr std::size_t kLineShown = 300;                  // bytes of a line that matches
constexpr std::size_t kBinaryLook = std::size_t{8} << 10;

std::string_view shown(const std::string& path) {
  return path.empty() ? "." : std::string_view(path);
}

bool binary(std::string_view beginning_of_file) {
  return beginning_of_file.substr(0, kBinaryLook).find('\0') != std::string_view::npos;
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

Result<std::size_t> read_piece(int file, std::string& buffer, const std::string& path) {
  for (;;) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR)
      return fail(ErrorCode::store,
                  fmt::format("`{}`: cannot read it: {}", path, std::generic_category().message(errno)));
  }
}

bool holds(std::string_view line, const Wanted& wanted) {
  if (wanted.case_matters) return line.find(wanted.text) != line.npos;
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  return !std::ranges::search(line, wanted.text, same).empty();
}

/// A search on its way through files.
class Search {
 public:
  Search(const Wanted& wanted, const Bounds& bounds) : wanted_(wanted), bounds_(bounds) {}

  bool look_at(const Met& met) {
    if (met.kind != Met::Kind::file) return true;
    if (!wanted_.name.empty() && ::fnmatch(wanted_.name.c_str(), met.name.c_str(), 0) != 0) return true;
    if (met.bytes > static_cast<long long>(bounds_.bytes)) return ++passed_over_, true;
    const sandbox::Descriptor file(
        ::openat(met.folder, met.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file.get() < 0) return ++passed_over_, true;
    std::string text(static_cast<std::size_t>(met.bytes), '\0');
    std::size_t got = 0;
    while (got < text.size()) {
      const ssize_t piece = ::read(file.get(), text.data() + got, text.size() - got);
      if (piece <= 0) break;
      got += static_cast<std::size_t>(piece);
    }
    text.resize(got);
    scanned_ += got;
    if (binary(text)) return true;
    return lines_of(met.path, text) && scanned_ < kScanned;
  }
  std::string text(bool complete) const {
    std::string all = found_;
    if (matches_ == 0) all = fmt::format("nothing has `{}`\n", beginning(wanted_.text, kLineShown));
    if (full_)
      all += fmt::format("[there may be more: {} {} shown at most]\n", counted(bounds_.entries, "line"),
                         bounds_.entries == 1 ? "is" : "are");
    if (passed_over_ > 0)
      all += fmt::format("[{} too large or cannot be read]\n",
                         passed_over_ == 1 ? "1 file is" : fmt::format("{} files are", passed_over_));
    if (!complete || scanned_ >= kScanned) all += "[there are more files than one search goes through]\n";
    return all;
  }

 private:
  bool lines_of(const std::string& path, std::string_view text) {
    for (std::size_t number = 1; !text.empty(); ++number) {
      const auto line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      if (!holds(line, wanted_)) continue;
      if (matches_ == bounds_.entries) return full_ = true, false;
      ++matches_;
      found_ += fmt::format("{}:{}: {}\n", name_shown(path), number, sound_utf8(beginning(line, kLineShown)));
    }
    return true;
  }

  const Wanted& wanted_;
  const Bounds& bounds_;
  std::string found_;
  std::size_t matches_ = 0, passed_over_ = 0, scanned_ = 0;
  bool full_ = false;
};

}  // namespace

Result<std::string> read(const FolderBeneath& root, const std::string& path, const Part& wanted,
                         const Bounds& bounds) {
  auto file = root.file(path);
  if (!file) return fail(std::move(file.error()));
  LinePicker picker(wanted, bounds.bytes);
  std::string buffer(kChunk, '\0');
  std::size_t scanned = 0;
  for (;;) {
    auto got = read_piece(file->get(), buffer, path);
    if (!got) return fail(std::move(got.error()));
    const std::string_view piece(buffer.data(), *got);
    if (scanned == 0 && binary(piece))
      return fail(ErrorCode::invalid,
                  fmt::format("`{}` is a binary file, which cannot be read as text", path));
    scanned += *got;
    if (*got == 0 || !picker.take(piece)) break;
    if (scanned > kScanned)
      return fail(ErrorCode::too_large, fmt::format("`{}` is too long to be read so far into it", path));
  }
  std::string text = sound_utf8(picker.text());
  if (text.empty() && scanned == 0) return fmt::format("[`{}` is empty]", path);
  if (text.empty() && picker.beyond())
    return fail(ErrorCode::invalid, fmt::format("line {} of `{}` has only {}", picker.line(), path,
                                                counted(picker.skipped(), "byte")));
  if (text.empty())
    return fail(ErrorCode::invalid, fmt::format("`{}` has only {}", path, counted(picker.lines(), "line")));
  if (picker.more() && text.ends_with('\n'))
    text += fmt::format("[the file goes on: from_line {}]", picker.line());
  else if (picker.more())
    text += fmt::format(
        "…\n[line {0} is longer: its bytes {1} to {2} are shown; it goes on with from_line {0}, "
        "from_byte {3}]",
        picker.line(), picker.skipped() + 1, picker.byte() - 1, picker.byte());
  return text;
}

Result<std::string> list(const FolderBeneath& root, const std::string& path, int depth,
                         const Bounds& bounds) {
  auto folder = root.folder(path);
  if (!folder) return fail(std::move(folder.error()));
  std::string text;
  std::size_t count = 0;
  bool cut = false;
  const bool complete = walk(*folder, path, std::clamp(depth, 1, kDepthMax), [&](const Met& met) {
    if (count == bounds.entries) return cut = true, false;
    ++count;
    const std::string name = name_shown(met.kind == Met::Kind::folder ? met.path + "/" : met.path);
    if (met.kind == Met::Kind::folder) text += name + "\n";
    if (met.kind == Met::Kind::file)
      text += fmt::format("{}  {}\n", name, counted(static_cast<std::size_t>(met.bytes), "byte"));
    if (met.kind == Met::Kind::link) text += name + "  (link)\n";
    if (met.kind == Met::Kind::other) text += name + "  (no file)\n";
    return true;
  });
  if (count == 0) return fmt::format("[`{}` is empty]", shown(path));
  if (cut || !complete)
    text += fmt::format("[{} entries are shown; there are more: list a folder of these]\n", count);
  return text;
}

Result<std::string> search(const FolderBeneath& root, const std::string& path, const Wanted& wanted,
                           const Bounds& bounds) {
  if (wanted.text.empty()) return fail(ErrorCode::invalid, "`query` is empty: say what to look for");
  if (wanted.text.find('\n') != std::string::npos)
    return fail(ErrorCode::invalid, "`query` must be one line: lines are searched one by one");
  auto folder = root.folder(path);
  if (!folder) return fail(std::move(folder.error()));
  Search search(wanted, bounds);
  const bool complete = walk(*folder, path, kDepthMax, [&](const Met& met) { return search.look_at(met); });
  return search.text(complete);
}

Result<std::string> write(const FolderBeneath& root, const std::string& path, const std::string& text,
                          const Bounds& bounds) {
  if (text.size() > bounds.bytes)
    return fail(ErrorCode::too_large,
                fmt::format("the text has {} bytes; at most {} are written", text.size(), bounds.bytes));
  long long before = -1;
  if (auto put = root.put(path, text, before); !put) return fail(std::move(put.error()));
  const std::string bytes = counted(text.size(), "byte");
  return before < 0 ? fmt::format("wrote the new file `{}`, {}", path, bytes)
                    : fmt::format("wrote `{}`, {} in place of {}", path, bytes, before);
}

}  // namespace troupe::tools::files
