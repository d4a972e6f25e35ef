#include "tools/builtin/code/python_runner.h"

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr std::size_t kLengthDigits = 16;

// Python 3.8 and later, with nothing but what the package python3-minimal has. What it says belongs to the
// code's own output: the code could say the same, so nothing is decided by it.
constexpr const char* kRunner = R"python(
import _ast, linecache, os, sys, traceback

NAME = '<code>'
session = sys.modules['__main__']  # kept: it has the functions below

def show(value):
    if value is None:
        return
    text = repr(value)
    if 100 < len(text) < 100000 and type(value) in (dict, list, tuple, set, frozenset):
        try:
            from pprint import pformat
            text = pformat(value, width=100, compact=True, sort_dicts=False)
        except ImportError:
            pass
    print(text)

def read_code():
    left = int(os.read(0, 16))
    parts = []
    while left > 0:
        part = os.read(0, left)
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b''.join(parts).decode('utf-8')

class End:
    def __init__(self, number):
        self.number = number
    def fileno(self):
        return self.number
    def setblocking(self, blocking):
        os.set_blocking(self.number, blocking)
    def recv(self, size):
        return os.read(self.number, size)
    def send(self, data):
        return os.write(self.number, data)
    def close(self):
        number, self.number = self.number, -1
        if number >= 0:
            os.close(number)

def give_pairs():
    # asyncio wakes its loop through a pair of sockets, which cannot be made here; a pipe does as well.
    try:
        import socket
        socket.socketpair = lambda *family: tuple(map(End, os.pipe()))
    except ImportError:
        pass

def complain(error, frames):
    traceback.print_exception(type(error), error, frames)

def run(folder, memory, file):
    os.chdir(folder)
    source = read_code()
    sys.stdin = open(0, encoding='utf-8', errors='surrogateescape', closefd=False)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors='backslashreplace', line_buffering=True)
    sys.argv = [NAME]
    sys.path.insert(0, folder)
    sys.displayhook = show
    main = type(sys)('__main__')
    sys.modules['__main__'] = main
    linecache.cache[NAME] = (len(source), None, source.splitlines(True), NAME)
    try:
        tree = compile(source, NAME, 'exec', _ast.PyCF_ONLY_AST, True)
        last = tree.body[-1:] if tree.body and isinstance(tree.body[-1], _ast.Expr) else []
        if last and source.rstrip().endswith(';'):
            last = []
        if last:
            del tree.body[-1]
        body = compile(tree, NAME, 'exec', 0, True)
        shown = compile(_ast.Interactive(last), NAME, 'single', 0, True) if last else None
    except Exception as error:
        complain(error, None)
        if isinstance(error, (MemoryError, RecursionError)):
            print('The code is nested too deeply to be compiled.', file=sys.stderr)
        return 1
    if 'asyncio' in source:
        give_pairs()
    reserve = bytearray(1 << 20)
    try:
        exec(body, main.__dict__)
        if shown:
            exec(shown, main.__dict__)
    except SystemExit as stop:
        if stop.code is None:
            return 0
        if isinstance(stop.code, int):
            return stop.code & 255
        print(stop.code, file=sys.stderr)
        return 1
    except MemoryError as error:
        reserve = None
        frames = error.__traceback__.tb_next
        traceback.clear_frames(frames)
        main.__dict__.clear()
        complain(error, frames)
        print('It needed more than %s of memory.' % memory, file=sys.stderr)
        return 1
    except BaseException as error:
        complain(error, error.__traceback__.tb_next)
        if isinstance(error, OSError) and error.errno == 27:
            print('No file may be larger than %s.' % file, file=sys.stderr)
        return 1
    return 0

sys.exit(run(*sys.argv[1:]))
)python";

}  // namespace

std::string runner_input(std::string_view code, std::string_view input) {
  std::string text = fmt::format("{:0{}}", code.size(), kLengthDigits);
  text.reserve(text.size() + code.size() + input.size());
  text += code;
  text += input;
  return text;
}

std::vector<std::string> runner_arguments(const std::string& folder, const std::string& memory,
                                          const std::string& file) {
  return {"-I", "-B", "-X", "utf8", "-c", kRunner, folder, memory, file};
}

}  // namespace troupe::tools
