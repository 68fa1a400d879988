"""Molecules as graphs, with what is asked of them.

The molecules are the first 5,000 of the NCI collection, with their polar surface areas (TPSA),
which RDKit ships in its own data folder; nothing is fetched. Nodes are the heavy atoms and edges
the bonds.

`molecules()` keeps those of one part that have 4 to 30 heavy atoms, and each structure once.
Targets:

    kirchhoff   log of the Kirchhoff index, the sum of effective resistances over all pairs of
                atoms, n sum_i 1 / lambda_i over the eigenvalues of the Laplacian but 0
    wiener      log of the Wiener index, the sum of path lengths over all pairs of atoms
    ring        atoms of the largest ring of the smallest set of rings, 0 without rings
    tpsa        TPSA in square angstroms, as the file has it: a sum over atoms and their
                neighbours

The first three are properties of the whole graph; TPSA is local. Cost: about 5 seconds.
"""

import csv
import os
from dataclasses import dataclass

import numpy as np
from rdkit import Chem, RDConfig, RDLogger
from tables import TARGETS

FEWEST, MOST = 4, 30  # heavy atoms
ELEMENTS = ("C", "N", "O", "S", "F", "Cl", "Br", "I", "P")
BONDS = (
    Chem.BondType.SINGLE,
    Chem.BondType.DOUBLE,
    Chem.BondType.TRIPLE,
    Chem.BondType.AROMATIC,
)
FEATURES = len(ELEMENTS) + 5


@dataclass
class Molecule:
    """Letters: n atoms. `bonds` has a row for each bond: two atoms and the index in BONDS."""

    smiles: str
    atoms: np.ndarray  # [n, FEATURES]
    bonds: np.ndarray  # [m, 3], whole numbers
    targets: np.ndarray  # [4]

    @property
    def nodes(self) -> int:
        return len(self.atoms)


def adjacency(molecule: Molecule) -> np.ndarray:
    """[n, n], 1 for each bond."""
    a = np.zeros((molecule.nodes, molecule.nodes))
    a[molecule.bonds[:, 0], molecule.bonds[:, 1]] = 1
    return a + a.T


def laplacian(molecule: Molecule) -> np.ndarray:
    """[n, n], every bond of weight 1."""
    a = adjacency(molecule)
    return np.diag(a.sum(axis=1)) - a


def atom_features(atom: Chem.Atom) -> list[float]:
    """What can be seen at the atom itself. Whether it is in a ring is left out, since that is not
    local, but for aromatic atoms, which SMILES mark."""
    element = [float(atom.GetSymbol() == symbol) for symbol in ELEMENTS]
    other = float(atom.GetSymbol() not in ELEMENTS)
    return [
        *element,
        other,
        atom.GetDegree() / 4,
        atom.GetTotalNumHs() / 4,
        float(atom.GetFormalCharge()),
        float(atom.GetIsAromatic()),
    ]


def read_molecule(mol: Chem.Mol, smiles: str, tpsa: float) -> Molecule | None:
    """None where a bond is of another type than those in BONDS."""
    if any(bond.GetBondType() not in BONDS for bond in mol.GetBonds()):
        return None
    molecule = Molecule(
        smiles,
        np.array([atom_features(atom) for atom in mol.GetAtoms()]),
        np.array(
            [
                (b.GetBeginAtomIdx(), b.GetEndAtomIdx(), BONDS.index(b.GetBondType()))
                for b in mol.GetBonds()
            ]
        ),
        np.zeros(len(TARGETS)),
    )
    eigenvalues = np.linalg.eigvalsh(laplacian(molecule))[1:]
    rings = [len(ring) for ring in Chem.GetSymmSSSR(mol)]
    molecule.targets[:] = (
        np.log(molecule.nodes * np.sum(1 / eigenvalues)),
        np.log(Chem.GetDistanceMatrix(mol).sum() / 2),
        max(rings, default=0),
        tpsa,
    )
    return molecule


def molecules() -> list[Molecule]:
    """In the order of the file."""
    RDLogger.DisableLog("rdApp.*")
    found, seen = [], set()
    with open(os.path.join(RDConfig.RDDataDir, "NCI", "first_5k.tpsa.csv")) as file:
        for row in csv.reader(line for line in file if not line.startswith("#")):
            mol = Chem.MolFromSmiles(row[0])
            if mol is None or not FEWEST <= mol.GetNumAtoms() <= MOST:
                continue
            smiles = Chem.MolToSmiles(mol)
            if "." in smiles or smiles in seen:
                continue
            seen.add(smiles)
            molecule = read_molecule(mol, smiles, float(row[1]))
            if molecule is not None:
                found.append(molecule)
    return found
