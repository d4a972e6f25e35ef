#include "tests/fakes/terminal.h"

#include "tests/fakes/run_loop.h"

#include <chrono>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::fakes {

Terminal::Terminal(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& one : arguments) argv.push_back(one.data());
  argv.push_back(nullptr);
  pid_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
  if (pid_ < 0) throw std::runtime_error("no terminal for a child process");
  if (pid_ == 0) {
    execv(argv[0], argv.data());
    _exit(127);
  }
}

Terminal::~Terminal() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (terminal_ >= 0) close(terminal_);
}

// False at the end of what the program shows, or when nothing came for a while.
bool Terminal::pump() {
  pollfd wait{.fd = terminal_, .events = POLLIN, .revents = 0};
  if (poll(&wait, 1, 100) <= 0) return true;
  char chunk[4096];
  const ssize_t got = read(terminal_, chunk, sizeof chunk);
  if (got > 0) shown_.append(chunk, static_cast<std::size_t>(got));
  return got > 0;
}

void Terminal::until(const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + kMaxTestWait;
  for (;;) {
    if (const auto at = shown_.find(text, seen_); at != std::string::npos) {
      seen_ = at + text.size();
      return;
    }
    if (!pump() || std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("`" + text + "` was not shown, but: " + shown_);
  }
}

void Terminal::type(const std::string& line) {
  const std::string text = line + "\n";
  if (write(terminal_, text.data(), text.size()) < 0) throw std::runtime_error("the terminal takes no input");
}

int Terminal::wait() {
  const auto deadline = std::chrono::steady_clock::now() + kMaxTestWait;
  for (;;) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      while (pump() && std::chrono::steady_clock::now() < deadline) {
        pollfd rest{.fd = terminal_, .events = POLLIN, .revents = 0};
        if (poll(&rest, 1, 0) <= 0) break;
      }
      pid_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("the program did not end; it showed: " + shown_);
    (void)pump();
  }
}

}  // namespace troupe::fakes
