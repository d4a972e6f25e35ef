#include "memory/knowledge/ingest/source_file.h"

#include "memory/knowledge/ingest/limits.h"
#include "memory/knowledge/ingest/list_draft.h"
#include "runtime/base/sha256.h"
#include "runtime/sandbox/descriptor.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kReadPiece = 4u << 20;

std::unexpected<Error> failure(const char* what) {
  const int why = errno;
  const ErrorCode code = why == ENOENT || why == ENOTDIR ? ErrorCode::not_found
                         : why == EACCES || why == EPERM ? ErrorCode::denied
                                                         : ErrorCode::store;
  return fail(code, fmt::format("{} it: {}", what, std::generic_category().message(why)));
}

/// An error when the open file does not lie in `root`.
Result<> check_place(const sandbox::Descriptor& file, const std::string& root) {
  if (root.empty() || root == "/") return {};
  std::error_code failed;
  const auto real = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", file.get()), failed);
  if (!failed && real.string().starts_with(root + "/")) return {};
  return fail(ErrorCode::denied, fmt::format("it leads out of {}, where it was found", root));
}

Result<std::string> read_to_end(const sandbox::Descriptor& file, std::size_t size, std::size_t most) {
  std::string bytes;
  // A byte more than it should have, so that one read sees its end.
  bytes.reserve(std::min(size, most) + 1);
  for (std::size_t done = 0;;) {
    bytes.resize(std::min(std::max(done + std::min(kReadPiece, most), size) + 1, most + 1));
    const ssize_t n = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure("reading");
    done += static_cast<std::size_t>(n);
    if (done > most)
      return fail(ErrorCode::too_large, fmt::format("it grew beyond {} bytes while it was read", most));
    if (n > 0) continue;
    bytes.resize(done);
    return bytes;
  }
}

bool fresh(const struct stat& status) {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  return std::chrono::abs(now - std::chrono::seconds(status.st_mtim.tv_sec)) <= limits::kFreshFile;
}

}  // namespace

Result<SourceBytes> read_source_file(const std::string& path, const std::string& root, std::size_t most) {
  const sandbox::Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file.open()) return failure("opening");
  struct stat before{}, after{};
  if (::fstat(file.get(), &before) != 0) return failure("looking at");
  if (!S_ISREG(before.st_mode)) return fail(ErrorCode::invalid, "it is no regular file any more");
  if (auto good = check_place(file, root); !good) return fail(std::move(good.error()));
  const auto size = static_cast<std::size_t>(before.st_size);
  if (size > most)
    return fail(ErrorCode::too_large,
                fmt::format("it has {} bytes; at most {} are taken in (`limits.file`)", size, most));
  auto bytes = read_to_end(file, size, most);
  if (!bytes) return fail(std::move(bytes.error()));
  if (::fstat(file.get(), &after) != 0) return failure("looking at");
  const bool sure = file_stamp(before) == file_stamp(after) && !fresh(after);
  std::string content = sha256_hex(*bytes);
  return SourceBytes{std::move(*bytes), std::move(content), sure ? file_stamp(before) : ""};
}

}  // namespace troupe::memory
