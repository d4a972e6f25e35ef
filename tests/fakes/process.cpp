#include "tests/fakes/process.h"

#include "tests/fakes/run_loop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace troupe::fakes {

namespace {

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for a child process");
    read = ends[0];
    write = ends[1];
  }
};

std::vector<char*> as_pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& one : strings) pointers.push_back(one.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Later entries of the same name win, so what a test sets comes first and the first one is what getenv finds.
std::vector<std::string> merged(std::vector<std::string> own) {
  for (char** entry = environ; *entry; ++entry) own.emplace_back(*entry);
  return own;
}

void drain(int& fd, std::string& into) {
  char chunk[1 << 14];
  ssize_t got = read(fd, chunk, sizeof chunk);
  if (got > 0) {
    into.append(chunk, static_cast<std::size_t>(got));
  } else {
    close(fd);
    fd = -1;
  }
}

}  // namespace

Process::Process(std::vector<std::string> arguments, std::vector<std::string> environment,
                 std::string folder) {
  Pipe in, out, err;
  std::vector<std::string> whole = merged(std::move(environment));
  auto argv = as_pointers(arguments);
  auto envp = as_pointers(whole);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(in.read, STDIN_FILENO);
    dup2(out.write, STDOUT_FILENO);
    dup2(err.write, STDERR_FILENO);
    if (!folder.empty() && chdir(folder.c_str()) != 0) _exit(126);
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(in.read);
  close(out.write);
  close(err.write);
  if (pid_ < 0) throw std::runtime_error("no child process");
  in_ = in.write;
  out_ = out.read;
  err_ = err.read;
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (int fd : {in_, out_, err_})
    if (fd >= 0) close(fd);
}

void Process::signal(int number) const {
  kill(pid_, number);
}

void Process::feed(const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    ssize_t wrote = write(in_, text.data() + at, text.size() - at);
    if (wrote <= 0) break;
    at += static_cast<std::size_t>(wrote);
  }
  close(in_);
  in_ = -1;
}

// Reads what there is, or waits for it. False when both outputs are closed.
bool Process::pump(std::chrono::steady_clock::time_point deadline) {
  auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  if (left <= 0)
    throw std::runtime_error("a child process took too long; it printed: " + out_text_ + err_text_);
  pollfd fds[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (out_ < 0 && err_ < 0) return false;
  poll(fds, 2, static_cast<int>(left));
  if (fds[0].revents) drain(out_, out_text_);
  if (fds[1].revents) drain(err_, err_text_);
  return true;
}

std::string Process::line() {
  auto deadline = std::chrono::steady_clock::now() + kMaxTestWait;
  for (;;) {
    auto end = out_text_.find('\n', read_lines_to_);
    if (end != std::string::npos) {
      std::string text = out_text_.substr(read_lines_to_, end - read_lines_to_);
      read_lines_to_ = end + 1;
      return text;
    }
    if (out_ < 0 || !pump(deadline))
      throw std::runtime_error("a child process ended; it printed: " + out_text_ + err_text_);
  }
}

Outcome Process::wait() {
  if (in_ >= 0) {
    close(in_);
    in_ = -1;
  }
  auto deadline = std::chrono::steady_clock::now() + kMaxTestWait * 3;
  while (pump(deadline)) {
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out_text_, err_text_};
}

Outcome run_program(std::vector<std::string> arguments, std::vector<std::string> environment,
                    std::string input, std::string folder) {
  Process process(std::move(arguments), std::move(environment), std::move(folder));
  process.feed(input);
  return process.wait();
}

}  // namespace troupe::fakes
