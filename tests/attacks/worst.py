"""`python -m tests.attacks.worst`: what the hostile corpus costs at worst. One child process per message, limits as in the tests."""

from functools import partial

from .bounded import bounded
from .corpus import attacks
from .scene import text_of, the_scene

SHOWN = 12


def main():
    """Print the dearest attacks by time and by memory."""
    scene = the_scene()
    scene.examine(text_of(scene.evil()).replace(b"<appType>", b"<odd/><appType>"))  # what is loaded once is loaded here
    costs = []
    for name, one in attacks().items():
        data = one.build(scene)
        cost = bounded(partial(scene.examine, data))
        costs.append((name.removeprefix("test_"), len(data), cost))
    print(f"{len(costs)} hostile messages, {sum(size for _, size, _ in costs) >> 20} MB")
    for title, key in (("time", lambda one: one[2].seconds), ("memory", lambda one: one[2].megabytes)):
        print(f"\n{'worst by ' + title:50} {'bytes':>10} {'s':>7} {'MB':>6}  answer")
        for name, size, cost in sorted(costs, key=key, reverse=True)[:SHOWN]:
            codes = " ".join(dict.fromkeys(one.code for one in cost.result.findings))
            print(f"{name:50} {size:10} {cost.seconds:7.2f} {cost.megabytes:6.0f}  {codes}")


if __name__ == "__main__":
    main()
