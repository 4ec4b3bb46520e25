"""A pickle of protocol 2, run as far as models need it: values come out, nothing else happens.

A pickle is a program for a machine with a stack and a memory. Of the machine's instructions only
those are here that `torch.save` writes for dicts, lists, numbers, texts, arrays and tensors, and
calling a function means one of a handful of ours, which take apart what they are given. Nothing is
looked up by name anywhere else, and no value is ever compared, printed or (but for short texts and
small numbers) hashed, so that what the values are built like costs nothing: a tuple that shares
itself thirty times over would take a minute to hash, and a deep one the C stack.

The instructions are those of `pickletools` in Python's standard library.
"""

from __future__ import annotations

import pickletools
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from distill_export.model.pickled import PickledError, StoredArray, StoredDtype

PROTOCOL = 2
MAX_WORK = 1_000_000  # 30,000 are usual, and 80 more for each epoch of a checkpoint
MAX_KEY_LETTERS = 1000  # keys are compared when they are put into a dict
KEYS_BELOW = 4096  # larger numbers can be chosen so that a dict takes for ever

_START = b"\x80" + bytes([PROTOCOL])
_MAX_NAME_BYTES = 200
_READ_FOR_A_MESSAGE = 1000  # instructions
_IMPORTS = {"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4"}

Arguments = tuple[Any, ...]


class Function:
    """What the pickle can call; `call` gets the arguments as one tuple and checks them itself."""

    def __init__(self, call: Callable[[Arguments], object]) -> None:
        self.call = call


class Unpickler:
    """Runs one pickle.

    Args:
        program: The pickle.
        names: What the pickle may name, "module.name", and what it gets for it.
        persistent_load: Returns what lies outside the pickle, for its id: any value.
    """

    def __init__(
        self,
        program: bytes,
        names: Mapping[str, object],
        persistent_load: Callable[[object], object],
    ) -> None:
        self._program = program
        self._at = len(_START)
        self._names = names
        self._persistent_load = persistent_load
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []  # the stacks under each mark
        self._memo: list[Any] = []

    def load(self) -> object:
        """Return the value that the program leaves.

        Raises:
            PickledError: It is no pickle of this protocol, it is damaged, it wants to call what it
                may not, or it works longer than any model's.
        """
        if not self._program.startswith(_START):
            named = _find_import(self._program)
            raise PickledError(named or f"its pickle is not of protocol {PROTOCOL}")
        left = MAX_WORK
        try:
            while (code := self._program[self._at]) != _STOP:
                self._at += 1
                work, instruction = _INSTRUCTIONS[code]
                instruction(self)
                left -= work
                if left < 0:
                    raise PickledError(f"its pickle asks for more work than {MAX_WORK} steps")
        except (IndexError, struct.error):  # of the stack, the memory, the program
            raise PickledError(f"its pickle is damaged at byte {self._at}") from None
        return self._result()

    def _result(self) -> object:
        if len(self._stack) != 1 or self._below or self._at != len(self._program) - 1:
            raise PickledError("its pickle leaves more than one value")
        return self._stack[0]

    def _take(self, count: int) -> bytes:
        """Read the next bytes of the program."""
        content = self._program[self._at : self._at + count]
        self._at += count
        if len(content) != count:
            raise IndexError
        return content

    def _number(self, layout: struct.Struct) -> Any:
        self._at += layout.size
        return layout.unpack_from(self._program, self._at - layout.size)[0]

    def _line(self) -> str:
        end = self._program.find(b"\n", self._at, self._at + _MAX_NAME_BYTES)
        if end < 0:
            raise IndexError
        line = self._program[self._at : end].decode("ascii", "backslashreplace")
        self._at = end + 1
        return line

    def _global(self) -> None:
        name = f"{self._line()}.{self._line()}"
        if name not in self._names:
            raise PickledError(_wants_to_run(name))
        self._stack.append(self._names[name])

    def _text(self) -> None:
        content = self._take(self._number(_UINT32))
        try:
            # Paths that are not UTF-8 are texts with halves of surrogate pairs.
            self._stack.append(content.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            raise PickledError("its pickle has a text that is not UTF-8") from None

    def _long(self) -> None:
        self._stack.append(int.from_bytes(self._take(self._take(1)[0]), "little", signed=True))

    def _mark(self) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _pop_mark(self) -> list[Any]:
        """Return what lies above the last mark."""
        items, self._stack = self._stack, self._below.pop()
        return items

    def _tuple(self, count: int) -> None:
        items = tuple(self._stack[-count:])
        if len(items) != count:
            raise IndexError
        self._stack[-count:] = [items]

    def _tuple_from_mark(self) -> None:
        items = tuple(self._pop_mark())
        self._stack.append(items)

    def _append(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise PickledError("its pickle appends to something else than a list")
        target.extend(items)

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) not in (dict, OrderedDict) or len(items) % 2:
            raise PickledError("its pickle gives keys to something else than a dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) is str:
                if len(key) > MAX_KEY_LETTERS:
                    raise PickledError(f"it holds a dict with a key of {len(key)} letters")
            elif type(key) is not int:
                raise PickledError("it holds a dict whose keys are neither texts nor numbers")
            elif not 0 <= key < KEYS_BELOW:
                raise PickledError(f"it holds a dict with a number above {KEYS_BELOW} for a key")
            target[key] = value

    def _set_one(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def _put(self, index: int) -> None:
        value = self._stack[-1]
        if index == len(self._memo):  # as every pickler numbers them
            self._memo.append(value)
        else:
            self._memo[index] = value

    def _reduce(self) -> None:
        arguments, function = self._stack.pop(), self._stack[-1]
        if type(arguments) is not tuple or type(function) is not Function:
            raise PickledError("its pickle calls something else than a function")
        self._stack[-1] = function.call(arguments)

    def _build(self) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, StoredArray | StoredDtype):
            target.set_state(state)
        elif type(target) is not OrderedDict:  # whose state, versions of modules, is not needed
            raise PickledError(f"its pickle gives a state to a {type(target).__name__}")


_STOP = ord(".")
_UINT16, _INT32, _UINT32 = (struct.Struct(f"<{kind}") for kind in "HiI")
_FLOAT64 = struct.Struct(">d")
_LIGHT: dict[bytes, Callable[[Unpickler], None]] = {
    b"N": lambda machine: machine._stack.append(None),
    b"\x88": lambda machine: machine._stack.append(True),
    b"\x89": lambda machine: machine._stack.append(False),
    b"K": lambda machine: machine._stack.append(machine._take(1)[0]),
    b"M": lambda machine: machine._stack.append(machine._number(_UINT16)),
    b"J": lambda machine: machine._stack.append(machine._number(_INT32)),
    b"G": lambda machine: machine._stack.append(machine._number(_FLOAT64)),
    b"q": lambda machine: machine._put(machine._take(1)[0]),
    b"r": lambda machine: machine._put(machine._number(_UINT32)),
    b"h": lambda machine: machine._stack.append(machine._memo[machine._take(1)[0]]),
    b"j": lambda machine: machine._stack.append(machine._memo[machine._number(_UINT32)]),
}
_HEAVY: dict[bytes, Callable[[Unpickler], None]] = {
    b"\x8a": Unpickler._long,
    b"X": Unpickler._text,
    b"(": Unpickler._mark,
    b")": lambda machine: machine._stack.append(()),
    b"\x85": lambda machine: machine._tuple(1),
    b"\x86": lambda machine: machine._tuple(2),
    b"\x87": lambda machine: machine._tuple(3),
    b"t": Unpickler._tuple_from_mark,
    b"]": lambda machine: machine._stack.append([]),
    b"a": lambda machine: machine._append([machine._stack.pop()]),
    b"e": lambda machine: machine._append(machine._pop_mark()),
    b"}": lambda machine: machine._stack.append({}),
    b"s": Unpickler._set_one,
    b"u": lambda machine: machine._set(machine._pop_mark()),
    b"c": Unpickler._global,
    b"R": Unpickler._reduce,
    b"b": Unpickler._build,
    b"Q": lambda machine: machine._stack.append(machine._persistent_load(machine._stack.pop())),
}


def _refuse(machine: Unpickler) -> None:
    """Take the place of every other instruction."""
    code = machine._program[machine._at - 1]
    name = next((o.name for o in pickletools.opcodes if o.code == chr(code)), f"{code:#04x}")
    if name in _IMPORTS:
        raise PickledError(_wants_to_run(name))
    raise PickledError(f"its pickle has the instruction {name}, which no model needs")


# By its code: the steps of work that an instruction takes, and what it does.
_INSTRUCTIONS = [
    (1, _LIGHT[bytes([code])])
    if bytes([code]) in _LIGHT
    else (8, _HEAVY.get(bytes([code]), _refuse))
    for code in range(256)
]


def _find_import(program: bytes) -> str | None:
    """Return a complaint about the first function that a pickle of any protocol names, if any."""
    try:
        for code, argument, _ in islice(pickletools.genops(program), _READ_FOR_A_MESSAGE):
            if code.name in _IMPORTS:
                return _wants_to_run(str(argument or code.name).replace(" ", "."))
    except Exception:  # pickletools raises what its parsing stumbles on
        pass
    return None


def _wants_to_run(name: str) -> str:
    return f"it wants to run code ({ascii(name[:60])[1:-1]})"
