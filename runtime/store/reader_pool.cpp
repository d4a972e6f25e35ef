#include "runtime/store/reader_pool.h"

#include "runtime/base/limits.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
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

}  // namespace

class ReaderPool::Threads {
 public:
  explicit Threads(std::string file) : file_(std::move(file)) {}
  void add(Job job);
  void close();

 private:
  void work();

  const std::string file_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;  // guarded by mutex_, like the rest
  std::size_t idle_ = 0;
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
  auto database = Database::open(file_, Database::Mode::read);
  Patience patience{closing_, {}};
  if (database) {
    sqlite3_progress_handler(database->raw(), 4000, out_of_patience, &patience);
    // Small: what is read once is rarely read again, and the operating system caches the file.
    if (auto done = database->execute("PRAGMA cache_size=-512"); !done)
      database = fail(std::move(done.error()));
  }

  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    --idle_;
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();

    patience.until = std::chrono::steady_clock::now() + limits::kReadTime;
    if (closing_)
      job(fail(ErrorCode::store, file_ + ": it was closed before this was read"));
    else if (database)
      job(&*database);
    else
      job(fail(database.error()));
    job = nullptr;

    lock.lock();
  }
}

}  // namespace troupe::store
