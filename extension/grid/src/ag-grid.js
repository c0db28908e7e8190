// The parts of AG Grid Community that panels/grid.js uses. Fewer parts, fewer bytes to the browser.

import {
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  CustomFilterModule,
  LocaleModule,
  ModuleRegistry,
  NumberFilterModule,
  QuickFilterModule,
  RenderApiModule,
  RowApiModule,
  RowSelectionModule,
  TextFilterModule,
  createGrid,
  themeQuartz,
} from "ag-grid-community";

import { explained, filtered } from "./filters.js";

ModuleRegistry.registerModules([
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  CustomFilterModule,
  LocaleModule,
  NumberFilterModule,
  QuickFilterModule,
  RenderApiModule,
  RowApiModule,
  RowSelectionModule,
  TextFilterModule,
]);

export { createGrid, explained, filtered, themeQuartz };
