#include "runtime/store/cache_file.h"

#include "runtime/async/one_shot.h"
#include "runtime/base/fault.h"
#include "runtime/store/cache_table.h"
#include "runtime/store/limits.h"
#include "runtime/telemetry/log.h"

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <functional>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::store {

namespace {

constexpr unsigned kTidyEvery = 64;  // texts put: what has ended is removed, also where there is room
constexpr int kSetAsideMax = 3;  // of one process: a disk that damages everything is not written to for ever

Result<> pretended(const std::string& file) {
  const Fault fault = fault_point("cache.put");
  if (fault == Fault::none) return {};
  return fail(
      ErrorCode::store,
      fmt::format("{}: {}", file, fault == Fault::enospc ? "database or disk is full" : "disk I/O error"));
}

}  // namespace

/// The thread and what it works on.
class CacheFile::Keeper {
 public:
  struct Job {
    std::string key;
    std::optional<std::string> value;  ///< nothing: it is to be read
    std::int64_t now_ms = 0;
    std::chrono::milliseconds ttl{0};
    std::move_only_function<void(std::optional<std::string>)> answer = nullptr;
  };

  Keeper(std::string file, std::size_t bytes_max) : file_(std::move(file)), bytes_max_(bytes_max) {}
  ~Keeper();

  void add(Job job);
  void resize(std::size_t bytes_max);

 private:
  void work();
  void perform(Job& job, std::size_t bytes_max);
  bool open();
  void give_up(const Error& error, bool at_fault);
  bool set_aside(const Error& error);

  const std::string file_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;  // guarded by mutex_, like the rest of this block
  std::size_t waiting_bytes_ = 0;
  std::size_t bytes_max_;
  bool closing_ = false;
  std::thread thread_;

  std::optional<CacheTable> table_;  // of the thread, like the rest
  std::chrono::steady_clock::time_point rests_until_{};
  int set_aside_ = 0;
  unsigned puts_ = 0;
};

CacheFile::Keeper::~Keeper() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void CacheFile::Keeper::resize(std::size_t bytes_max) {
  std::lock_guard lock(mutex_);
  bytes_max_ = bytes_max;
}

void CacheFile::Keeper::add(Job job) {
  const std::size_t bytes = job.value ? job.value->size() : 0;
  std::lock_guard lock(mutex_);
  if (job.value && waiting_bytes_ + bytes > limits::kCacheWaitingBytes) return;
  waiting_bytes_ += bytes;
  jobs_.push_back(std::move(job));
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { work(); });
    pthread_setname_np(thread_.native_handle(), "troupe-cache");
  }
  wake_.notify_one();
}

void CacheFile::Keeper::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    if (jobs_.empty()) break;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    if (job.value) waiting_bytes_ -= job.value->size();
    const std::size_t bytes_max = bytes_max_;
    lock.unlock();
    perform(job, bytes_max);
    lock.lock();
  }
  table_.reset();
}

void CacheFile::Keeper::perform(Job& job, std::size_t bytes_max) {
  std::optional<std::string> found;
  Result<> done;
  if (open()) {
    if (job.value) {
      done = pretended(file_);
      if (done) done = table_->put(job.key, *job.value, job.now_ms, job.now_ms + job.ttl.count());
    } else {
      auto known = table_->get(job.key, job.now_ms, job.ttl);
      if (known)
        found = std::move(*known);
      else
        done = fail(std::move(known.error()));
    }
  }
  if (!done) give_up(done.error(), table_->damaged());
  if (job.answer) job.answer(std::move(found));
  if (!job.value || !table_) return;
  if (table_->bytes() <= bytes_max && ++puts_ % kTidyEvery != 0) return;
  for (bool more = true; more && table_;) {
    auto tidied = table_->tidy(bytes_max, job.now_ms);
    more = tidied && *tidied;
    if (!tidied) give_up(tidied.error(), table_->damaged());
  }
}

bool CacheFile::Keeper::open() {
  if (table_) return true;
  if (std::chrono::steady_clock::now() < rests_until_) return false;
  for (;;) {
    auto opened = CacheTable::open(file_);
    if (opened) {
      table_.emplace(std::move(*opened));
      return true;
    }
    if (file_is_at_fault(opened.error()) && set_aside(opened.error())) continue;
    give_up(opened.error(), false);
    return false;
  }
}

void CacheFile::Keeper::give_up(const Error& error, bool at_fault) {
  table_.reset();
  if (at_fault && set_aside(error)) return;
  rests_until_ = std::chrono::steady_clock::now() + limits::kCacheRest;
  log::warn("the cache cannot be used and is off for a while; runs go on without it",
            {{"file", file_},
             {"error", error.message},
             {"minutes", std::chrono::duration_cast<std::chrono::minutes>(limits::kCacheRest).count()}});
}

// The one that was set aside before goes: so much room is not for what nobody may ever look at.
bool CacheFile::Keeper::set_aside(const Error& error) {
  if (++set_aside_ > kSetAsideMax) return false;
  const std::string aside = file_ + ".set-aside";
  if (std::rename(file_.c_str(), aside.c_str()) != 0) {
    log::warn("the cache cannot be set aside", {{"file", file_}, {"error", std::strerror(errno)}});
    return false;
  }
  ::unlink((file_ + "-wal").c_str());
  ::unlink((file_ + "-shm").c_str());
  log::warn("the cache is damaged or not ours; it was set aside and is begun anew",
            {{"file", file_}, {"aside", aside}, {"error", error.message}});
  return true;
}

CacheFile::CacheFile(Loop& loop, std::string file, std::size_t bytes_max, std::chrono::milliseconds wait)
    : loop_(loop),
      wait_(wait),
      overdue_(std::make_shared<std::size_t>(0)),
      keeper_(std::make_unique<Keeper>(std::move(file), bytes_max)) {}

CacheFile::~CacheFile() = default;

Task<std::optional<std::string>> CacheFile::get(std::string key, std::chrono::milliseconds ttl, Stop& stop) {
  using Found = std::optional<std::string>;
  struct Read {
    explicit Read(Loop& loop) : found(loop) {}
    OneShot<Found> found;
    bool late = false;
  };
  if (*overdue_ > 0) co_return std::nullopt;
  auto read = std::make_shared<Read>(loop_);
  Keeper::Job job{.key = std::move(key), .now_ms = loop_.clock().wall_ms(), .ttl = ttl};
  job.answer = [&loop = loop_, read, overdue = overdue_](Found value) mutable {
    loop.post([read = std::move(read), overdue = std::move(overdue), value = std::move(value)]() mutable {
      if (read->late) --*overdue;
      read->found.set(std::move(value));
    });
  };
  keeper_->add(std::move(job));
  Loop::Alarm alarm = loop_.at(loop_.clock().now() + wait_, [waits = read.get(), overdue = overdue_] {
    if (waits->found.is_set()) return;
    waits->late = true;
    ++*overdue;
    waits->found.set(std::nullopt);
  });
  Stop::Hook hook = stop.on_request([waits = read.get()] { waits->found.set(std::nullopt); });
  co_return co_await read->found.wait();
}

void CacheFile::put(std::string key, std::string value, std::chrono::milliseconds ttl) {
  keeper_->add(
      {.key = std::move(key), .value = std::move(value), .now_ms = loop_.clock().wall_ms(), .ttl = ttl});
}

void CacheFile::resize(std::size_t bytes_max) {
  keeper_->resize(bytes_max);
}

}  // namespace troupe::store
