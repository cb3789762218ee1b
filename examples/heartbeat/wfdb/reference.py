"""Cuts the excerpt of examples/data/mitdb, makes up a record with all that the format has, and writes what the wfdb
package reads from a record, for the tests of this folder.

    pip install wfdb==4.3.1 numpy==2.4.6
    python reference.py cut mitdb/100 14 21 ../../data/mitdb        # minutes 14 to 21, as record 100_14
    python reference.py make_up reference                           # record made_up
    python reference.py describe reference/made_up reference/made_up.txt
    python reference.py describe ../../data/mitdb/100_14 reference/100_14.txt

The whole record, which is not in the repository:

    python reference.py describe mitdb/100 100.txt
    WFDB_RECORD=mitdb/100 WFDB_REFERENCE=100.txt cargo test --example heartbeat whole -- --ignored
"""

import math
import os
import sys
import zlib

import numpy as np
import wfdb

FORMAT = "212"


def write(record, annotation, folder):
    """Both with wfdb's writers, so that header, samples and annotations agree."""
    record.file_name = [record.record_name + ".dat"] * record.n_sig
    record.init_value = record.d_signal[0].tolist()
    record.checksum = record.calc_checksum()
    record.wrsamp(write_dir=folder)
    annotation.wrann(write_fs=False, write_dir=folder)


def cut(path, first, last, folder):
    """Minutes of a record as a record of its own. The rhythm stays said, at its first sample."""
    first, last = int(first), int(last)
    name = f"{os.path.basename(path)}_{first}"
    record = wfdb.rdrecord(path, physical=False)
    start, end = (60 * record.fs * minute for minute in (first, last))
    record.record_name, record.sig_len = name, end - start
    record.d_signal = record.d_signal[start:end]
    record.comments = [f"minutes {first} to {last} of record {path.split('/')[-1]}"] + record.comments

    whole = wfdb.rdann(path, "atr")
    rhythms = [i for i in range(whole.ann_len) if whole.symbol[i] == "+" and whole.sample[i] < start]
    kept = [i for i in range(whole.ann_len) if start <= whole.sample[i] < end]
    order = rhythms[-1:] + kept
    annotation = wfdb.Annotation(
        record_name=name,
        extension="atr",
        sample=np.maximum(whole.sample[order] - start, 0),
        symbol=[whole.symbol[i] for i in order],
        subtype=whole.subtype[order],
        chan=whole.chan[order],
        num=whole.num[order],
        aux_note=[whole.aux_note[i] for i in order],
    )
    write(record, annotation, folder)


def make_up(folder):
    """Three signals that differ, 2,501 samples (so that the last three bytes hold one sample only), and annotations
    with long gaps, subtypes, channels, numbers and texts of odd and even length."""
    steps = np.arange(2501)
    wave = lambda k: np.round(2047 * np.sin(steps * 0.013 * k)).astype(int)
    record = wfdb.Record(
        record_name="made_up",
        n_sig=3,
        fs=128.5,
        sig_len=len(steps),
        d_signal=np.stack([wave(1), wave(2), wave(5)], axis=1),
        fmt=[FORMAT] * 3,
        adc_gain=[200.0, 12.5, 1000.0],
        baseline=[0, -100, 1024],
        units=["mV", "mmHg", "uV"],
        adc_res=[12, 12, 11],
        adc_zero=[0, 5, 1024],
        block_size=[0, 0, 0],
        sig_name=["ECG lead II", "ABP", "V5"],
        comments=["made up", "sin"],
    )
    record.d_signal[7, 0] = -2048  # no sample, as WFDB has it
    annotation = wfdb.Annotation(
        record_name="made_up",
        extension="atr",
        sample=np.array([0, 3, 3, 1026, 1040, 2500]),
        symbol=["+", "N", "V", "A", "~", "N"],
        subtype=np.array([0, 0, -3, 1, 127, 0]),
        chan=np.array([0, 0, 2, 2, 1, 1]),
        num=np.array([0, 5, 5, 127, 127, 0]),
        aux_note=["(N", "", "odd", "", "even", ""],
    )
    write(record, annotation, folder)


def number(x):
    return "nan" if math.isnan(x) else repr(float(x))


def describe(path, out):
    """A line of the frequency and the length; one of each signal: gain, baseline, the checksum of its samples (CRC-32
    of 16-bit integers), its first and its mean value in physical units, its unit and name; one of each annotation:
    sample, code, subtype, channel, number and text."""
    digital = wfdb.rdrecord(path, physical=False)
    physical = wfdb.rdrecord(path).p_signal
    lines = [f"{number(digital.fs)} {digital.sig_len}"]
    for s in range(digital.n_sig):
        crc = zlib.crc32(digital.d_signal[:, s].astype("<i2").tobytes())
        values = (digital.adc_gain[s], digital.baseline[s], crc, physical[0, s], np.nanmean(physical[:, s]))
        numbers = " ".join(str(v) if isinstance(v, int) else number(v) for v in values)
        lines.append(f"signal {numbers} {digital.units[s]} {digital.sig_name[s]}")
    found = wfdb.rdann(path, "atr", return_label_elements=["label_store"])
    for i in range(found.ann_len):
        fields = (found.sample, found.label_store, found.subtype, found.chan, found.num)
        numbers = " ".join(str(int(field[i])) for field in fields)
        lines.append(f"{numbers} {found.aux_note[i]}".rstrip(" \0"))
    with open(out, "w") as file:
        print(f"# wfdb {wfdb.__version__}, numpy {np.__version__}", *lines, sep="\n", file=file)


if __name__ == "__main__":
    {"cut": cut, "make_up": make_up, "describe": describe}[sys.argv[1]](*sys.argv[2:])
