#include "runtime/store/artifacts.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace troupe::store {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

Descriptor open_beneath(int folder, const std::string& name, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? 0644 : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return Descriptor(static_cast<int>(::syscall(SYS_openat2, folder, name.c_str(), &how, sizeof how)));
}

Error failed(const std::string& path, const char* what, int error) {
  const bool leads_out = error == EXDEV || error == ELOOP;
  return Error{leads_out ? ErrorCode::invalid : ErrorCode::store,
               leads_out
                   ? fmt::format("{}: leads out of the folder `artifacts`", path)
                   : fmt::format("{}: cannot {}: {}", path, what, std::generic_category().message(error))};
}

Result<> write_all(int file, const std::string& text, const std::string& path) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return fail(failed(path, "write it", errno));
    done += static_cast<std::size_t>(wrote);
  }
  if (::fsync(file) != 0) return fail(failed(path, "write it to the disk", errno));
  return {};
}

// The folder that the file belongs in, made on the way. A component is opened before the next one is made, so
// that no link that somebody puts there meanwhile leads elsewhere.
Result<Descriptor> folder_of(const std::filesystem::path& file, int root, const std::string& shown) {
  Descriptor at(::fcntl(root, F_DUPFD_CLOEXEC, 0));
  if (!at.ok()) return fail(failed(shown, "open its folder", errno));
  for (const auto& part : file.parent_path()) {
    if (::mkdirat(at.get(), part.c_str(), 0755) != 0 && errno != EEXIST)
      return fail(failed(shown, "make its folder", errno));
    Descriptor next = open_beneath(at.get(), part.string(), O_RDONLY | O_DIRECTORY);
    if (!next.ok()) return fail(failed(shown, "open its folder", errno));
    at = std::move(next);
  }
  return at;
}

Result<> write_file(const std::string& root, const std::string& path, const std::string& text) {
  std::error_code made;
  std::filesystem::create_directories(root, made);
  if (made)
    return fail(ErrorCode::store, fmt::format("{}: cannot make the folder: {}", root, made.message()));
  const Descriptor base(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!base.ok()) return fail(failed(root, "open the folder", errno));

  const std::filesystem::path file(path);
  auto folder = folder_of(file, base.get(), path);
  if (!folder) return fail(std::move(folder.error()));
  static std::atomic<unsigned> number{0};
  const std::string name = file.filename().string();
  const std::string fresh = fmt::format(".{}.{}.{}", name.substr(0, 200), ::getpid(), ++number);
  const Descriptor out = open_beneath(folder->get(), fresh, O_WRONLY | O_CREAT | O_EXCL);
  if (!out.ok()) return fail(failed(path, "make it", errno));
  Result<> written = write_all(out.get(), text, path);
  if (written && ::renameat(folder->get(), fresh.c_str(), folder->get(), name.c_str()) != 0)
    written = fail(failed(path, "put it in its place", errno));
  if (!written) ::unlinkat(folder->get(), fresh.c_str(), 0);
  return written;
}

Result<> check(const std::string& path) {
  const std::filesystem::path file(path);
  const bool strange = path.empty() || path.contains('\0') || file.is_absolute() || !file.has_filename();
  if (strange)
    return fail(ErrorCode::invalid, fmt::format("`{}` is no path of a file below `artifacts`", path));
  for (const auto& part : file)
    if (part == ".." || part == ".")
      return fail(ErrorCode::invalid, fmt::format("{}: leads out of the folder `artifacts`", path));
  return {};
}

}  // namespace

Task<Result<>> Artifacts::write(std::string path, std::string text) {
  if (auto fine = check(path); !fine) co_return fine;
  co_return co_await offload(loop_, workers_, [root = root_, path = std::move(path), text = std::move(text)] {
    return write_file(root, path, text);
  });
}

}  // namespace troupe::store
