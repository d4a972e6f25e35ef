#include "runtime/store/reader_pool.h"

#include "runtime/base/limits.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <thread>
#include <utility>
#include <vector>

#include <sqlite3.h>

namespace troupe::store {

namespace {

struct Patience {
  const std::atomic<bool>& closing;
  std::chrono::steady_clock::time_point until;
};

/// Called by SQLite every few thousand steps of a query; not zero interrupts it.
int out_of_patience(void* self) {
  const auto& patience = *static_cast<const Patience*>(self);
  return patience.closing || std::chrono::steady_clock::now() > patience.until ? 1 : 0;
}

constexpr auto kOpenAgain = std::chrono::seconds(1);  // where a connection cannot be made, beside another

}  // namespace

class ReaderPool::Threads {
 public:
  explicit Threads(std::string file) : file_(std::move(file)) {}
  void add(Job job);
  void close();

 private:
  void work();
  Result<> open(std::optional<Database>& database, Patience& patience);
  bool leave_to_others(Job& job);

  const std::string file_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable rest_;  // of those that cannot open the file
  std::deque<Job> jobs_;          // guarded by mutex_, like the rest
  std::size_t idle_ = 0;
  std::size_t connected_ = 0;
  std::atomic<bool> closing_ = false;  // set under mutex_; a running query looks at it without
  std::vector<std::thread> threads_;
};

ReaderPool::ReaderPool(Loop& loop, std::string file)
    : loop_(loop), threads_(std::make_unique<Threads>(std::move(file))) {}

ReaderPool::~ReaderPool() {
  close();
}

void ReaderPool::close() {
  threads_->close();
}

void ReaderPool::add(Job job) {
  threads_->add(std::move(job));
}

void ReaderPool::Threads::close() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  rest_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void ReaderPool::Threads::add(Job job) {
  std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  if (jobs_.size() > idle_ && threads_.size() < static_cast<std::size_t>(limits::kReaders)) {
    threads_.emplace_back([this] { work(); });
    pthread_setname_np(threads_.back().native_handle(), "troupe-reader");
  }
  wake_.notify_one();
}

void ReaderPool::Threads::work() {
  Patience patience{closing_, {}};
  std::optional<Database> database;
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    --idle_;
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();

    const Result<> opened = closing_ || database ? Result<>() : open(database, patience);
    patience.until = std::chrono::steady_clock::now() + limits::kReadTime;
    if (closing_)
      job(fail(ErrorCode::store, file_ + ": it was closed before this was read"));
    else if (database)
      job(&*database);
    else if (!leave_to_others(job))
      job(fail(opened.error()));
    job = nullptr;

    lock.lock();
  }
}

// A process may have no descriptor left for a while, so this is tried again for each job.
Result<> ReaderPool::Threads::open(std::optional<Database>& database, Patience& patience) {
  auto opened = Database::open(file_, Database::Mode::read);
  if (!opened) return fail(std::move(opened.error()));
  sqlite3_progress_handler(opened->raw(), 4000, out_of_patience, &patience);
  // Small: what is read once is rarely read again, and the operating system caches the file.
  if (auto done = opened->execute("PRAGMA cache_size=-512"); !done) return done;
  database = std::move(*opened);
  std::lock_guard lock(mutex_);
  ++connected_;
  return {};
}

/// True when somebody has a connection: that one does the job, and we rest before we try again.
bool ReaderPool::Threads::leave_to_others(Job& job) {
  std::unique_lock lock(mutex_);
  if (connected_ == 0 || closing_) return false;
  jobs_.push_front(std::move(job));
  wake_.notify_one();
  rest_.wait_for(lock, kOpenAgain, [this] { return closing_.load(); });
  return true;
}

}  // namespace troupe::store
